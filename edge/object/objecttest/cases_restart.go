package objecttest

import "time"

func restartWrite(t T, e *Env) {
	must(t, e, add, "restart", addIn{By: 42})
	must(t, e, store, "restart", values{ID: "kept", Text: "kept", Blob: []byte{1}})
}

func restartRead(t T, e *Env) {
	if got := must(t, e, state, "restart", struct{}{}); got.Count != 42 || got.Name != e.Prefix+"restart" {
		t.Errorf("%q counts %d after the restart, want 42", got.Name, got.Count)
	}
	if got := must(t, e, load, "restart", "kept"); got.Text != "kept" || len(got.Blob) != 1 {
		t.Errorf("row after the restart: %+v", got)
	}
}

func restartMigrated(t T, e *Env) {
	for range 2 {
		got := must(t, e, state, "restart", struct{}{})
		if len(got.Migrations) != 3 || len(got.Later) != 1 || got.Later[0] != 42 {
			t.Errorf("after version 2: migrations %v, rows %v; want three, and one row with 42", got.Migrations, got.Later)
		}
	}
}

func restartAlarm(t T, e *Env) {
	must(t, e, setAlarm, "restart alarm", alarmIn{At: e.Now().Add(8 * time.Second)})
}

func restartRang(t T, e *Env) {
	await(t, e, 90*time.Second, "the alarm from before the restart rings", func() bool { return len(rung(t, e, "restart alarm")) == 1 })
}

func restartSend(t T, e *Env) {
	must(t, e, send, "restart send", sendIn{Messages: []message{{To: e.Prefix + "restart send to", Body: "left", Fails: 1}}})
}

func restartSent(t T, e *Env) {
	await(t, e, 90*time.Second, "the entry from before the restart arrives on its second try or later", func() bool {
		all := receipts(t, e, "restart send to")
		return len(all) == 1 && all[0].Last >= 2
	})
}
