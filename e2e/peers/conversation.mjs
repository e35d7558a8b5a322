// What every peer has in common: it is told its configuration in the environment, asks the test for what needs a person by lines
// of JSON on standard output, and hears the answers on standard input.
import { createInterface } from "node:readline";

export const config = JSON.parse(process.env.PEER);

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// ask says something and waits for the test's answer.
export async function ask(question) {
  console.log(JSON.stringify(question));
  const { value, done } = await answers.next();
  if (done) throw new Error("the test has gone");
  return JSON.parse(value);
}

// visit sends the person's browser to an address and returns where it came back to.
export const visit = async (address) => new URL((await ask({ open: String(address) })).at);

// finish ends the conversation. Facts are what the test looks at.
export function finish(facts) {
  console.log(JSON.stringify({ facts }));
  process.exit(0);
}

// refused runs something that must fail and returns the error code of its specification, or the status of a challenge.
export async function refused(what) {
  try {
    await what();
  } catch (error) {
    return error.error ?? error.cause?.error ?? String(error.status ?? error.cause?.status ?? error);
  }
  return "accepted";
}
