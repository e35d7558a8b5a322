// The words of problems with devices, security information and settings. A page that can meet them imports this module.
import { text } from "./page.mjs";
import { alsoExplain } from "./problem.mjs";

alsoExplain((code, values) => text("fault." + code, values));
