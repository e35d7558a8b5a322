package objecttest

import "time"

func rung(t T, e *Env, name string) []int64 {
	t.Helper()
	return must(t, e, state, name, struct{}{}).Rung
}

func alarmRings(t T, e *Env) {
	at := e.Now().Add(2500 * time.Millisecond)
	must(t, e, setAlarm, "alarm", alarmIn{At: at})
	await(t, e, 30*time.Second, "the alarm rings", func() bool { return len(rung(t, e, "alarm")) > 0 })
	if got := rung(t, e, "alarm")[0]; time.Unix(got, 0).Before(at) {
		t.Errorf("alarm of %v rang at %v", at, time.Unix(got, 0))
	}
	quiet(t, e, 3*time.Second, "the alarm has rung once", func() bool { return len(rung(t, e, "alarm")) == 1 })
	if got := must(t, e, state, "alarm", struct{}{}).Alarm; !got.IsZero() {
		t.Errorf("alarm is still set to %v", got)
	}
}

func alarmReplaced(t T, e *Env) {
	soon, late := e.Now().Add(2*time.Second), e.Now().Add(5*time.Second)
	must(t, e, setAlarm, "replaced later", alarmIn{At: soon})
	must(t, e, setAlarm, "replaced later", alarmIn{At: late})
	must(t, e, setAlarm, "replaced sooner", alarmIn{At: e.Now().Add(time.Hour)})
	must(t, e, setAlarm, "replaced sooner", alarmIn{At: soon})
	await(t, e, 30*time.Second, "the alarm put later rings", func() bool { return len(rung(t, e, "replaced later")) > 0 })
	if got := rung(t, e, "replaced later"); len(got) != 1 || got[0] < late.Unix() {
		t.Errorf("alarm put off to %v rang at %v", late.Unix(), got)
	}
	await(t, e, 30*time.Second, "the alarm put sooner rings", func() bool { return len(rung(t, e, "replaced sooner")) > 0 })
}

func alarmCleared(t T, e *Env) {
	must(t, e, setAlarm, "cleared", alarmIn{At: e.Now().Add(2 * time.Second)})
	must(t, e, setAlarm, "cleared", alarmIn{})
	quiet(t, e, 4*time.Second, "a cleared alarm is silent", func() bool { return len(rung(t, e, "cleared")) == 0 })
}

func alarmRepeats(t T, e *Env) {
	must(t, e, setAlarm, "repeats", alarmIn{At: e.Now(), Plan: []string{"again", "again"}})
	await(t, e, 30*time.Second, "the alarm has rung three times", func() bool { return len(rung(t, e, "repeats")) >= 3 })
	quiet(t, e, 2*time.Second, "it rings no more", func() bool { return len(rung(t, e, "repeats")) == 3 })
}

func alarmRolledBack(t T, e *Env) {
	must(t, e, add, "alarm rolled back", addIn{})
	for _, how := range []string{endSentinel, endPanic} {
		if _, err := setAlarm.Call(e.Ctx, e.Host, e.Prefix+"alarm rolled back", alarmIn{At: e.Now(), End: how}); err == nil {
			t.Errorf("%s: no error", how)
		}
	}
	quiet(t, e, 3*time.Second, "nothing rings", func() bool { return len(rung(t, e, "alarm rolled back")) == 0 })
}

func alarmSends(t T, e *Env) {
	must(t, e, setAlarm, "alarm sends", alarmIn{At: e.Now(), Plan: []string{e.Prefix + "alarm sends to"}})
	await(t, e, 30*time.Second, "the entry that an alarm made arrives", func() bool {
		return len(must(t, e, state, "alarm sends to", struct{}{}).Receipts) == 1
	})
}
