package objecttest

import (
	"fmt"
	"time"
)

func receipts(t T, e *Env, name string) []receipt {
	t.Helper()
	return must(t, e, state, name, struct{}{}).Receipts
}

func outboxDelivers(t T, e *Env) {
	must(t, e, send, "sender", sendIn{Messages: []message{{To: e.Prefix + "receiver", Body: "one"}}})
	await(t, e, 10*time.Second, "the entry arrives", func() bool { return len(receipts(t, e, "receiver")) > 0 })
	got := receipts(t, e, "receiver")[0]
	want := receipt{ID: got.ID, First: 1, Last: 1, Times: 1, Body: "one", Sender: e.Prefix + "sender"}
	if got != want || got.ID == "" {
		t.Errorf("arrived %+v, want %+v", got, want)
	}
	quiet(t, e, 3*time.Second, "it arrived once", func() bool {
		all := receipts(t, e, "receiver")
		return len(all) == 1 && all[0].Times == 1
	})
}

func outboxRolledBack(t T, e *Env) {
	for _, how := range []string{endSentinel, endPlain, endPanic, endStatement} {
		in := sendIn{Messages: []message{{To: e.Prefix + "rolled back to", Body: how}}, End: how}
		if _, err := send.Call(e.Ctx, e.Host, e.Prefix+"rolled back", in); err == nil {
			t.Errorf("%s: no error", how)
		}
	}
	quiet(t, e, 3*time.Second, "nothing arrives", func() bool { return len(receipts(t, e, "rolled back to")) == 0 })
}

// retries sends a message whose first try goes wrong and checks the second.
func retries(t T, e *Env, name string, m message) {
	t.Helper()
	m.To = e.Prefix + name + " to"
	start := e.Now()
	must(t, e, send, name, sendIn{Messages: []message{m}})
	await(t, e, 60*time.Second, "the entry arrives again", func() bool {
		all := receipts(t, e, name+" to")
		return len(all) > 0 && all[0].Last > 1
	})
	if all := receipts(t, e, name+" to"); len(all) != 1 || all[0].First != 1 || all[0].Last != 2 || all[0].Times != 2 {
		t.Errorf("arrived %+v, want one id on tries 1 and 2", all)
	}
	if waited := e.Now().Sub(start); waited < 4*time.Second {
		t.Errorf("tried again after %v, want a pause of 5s", waited)
	}
	quiet(t, e, 3*time.Second, "it arrives no more", func() bool { return receipts(t, e, name+" to")[0].Times == 2 })
}

func outboxRetries(t T, e *Env) { retries(t, e, "retry", message{Body: "fails once", Fails: 1}) }
func outboxPanics(t T, e *Env)  { retries(t, e, "panic", message{Body: "panics once", Panics: 1}) }

func outboxMany(t T, e *Env) {
	const n = 40 // more than one batch
	var list []message
	for i := range n {
		list = append(list, message{To: e.Prefix + "many to", Body: fmt.Sprintf("%02d", i)})
	}
	must(t, e, send, "many", sendIn{Messages: list})
	await(t, e, 30*time.Second, "all of them arrive", func() bool { return len(receipts(t, e, "many to")) >= n })
	for i, r := range receipts(t, e, "many to") {
		if r.Body != fmt.Sprintf("%02d", i) || r.Times != 1 {
			t.Errorf("receipt %d is %+v", i, r)
		}
	}
}

func outboxBesideAlarm(t T, e *Env) {
	at := e.Now().Add(3 * time.Second)
	must(t, e, setAlarm, "beside", alarmIn{At: at})
	must(t, e, send, "beside", sendIn{Messages: []message{{To: e.Prefix + "beside to", Body: "now"}, {To: e.Prefix + "beside to", Body: "retry", Fails: 1}}})
	await(t, e, 30*time.Second, "both entries arrive, one of them twice", func() bool {
		all := receipts(t, e, "beside to")
		return len(all) == 2 && all[1].Times == 2
	})
	await(t, e, 30*time.Second, "the alarm rings as well", func() bool { return len(rung(t, e, "beside")) == 1 })
	if got := rung(t, e, "beside")[0]; got < at.Unix() {
		t.Errorf("alarm of %d rang at %d", at.Unix(), got)
	}
}
