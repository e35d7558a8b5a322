//go:build !js

package object

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// keeper is a host's SQL that keeps the bookkeeping between transactions, as the bridge does.
type keeper struct {
	*database
	kept, next []int64
	reads      int
}

func (k *keeper) Exec(query string, args []any) ([][]any, error) {
	if query == readState {
		k.reads++
	}
	return k.database.Exec(query, args)
}

func (k *keeper) Recall() (alarm, due int64, ok bool) {
	if k.kept == nil {
		return 0, 0, false
	}
	return k.kept[0], k.kept[1], true
}

func (k *keeper) Keep(alarm, due int64) { k.next = []int64{alarm, due} }

// recallRig is an object whose method sets alarms, leaves letters and fails.
func recallRig(t *testing.T) (invoke func(in string) (time.Time, error), collect func(object string) time.Time, k *keeper, r *rig) {
	failing := false
	r = newRig(t, kind(func(tx *Tx, in string) (string, error) {
		switch in {
		case "alarm":
			tx.SetAlarm(tx.Now().Add(time.Hour))
		case "clear":
			tx.SetAlarm(time.Time{})
		case "later", "fail":
			tx.Later("t", in)
		}
		if in == "fail" {
			return "", errors.New("no")
		}
		return "", nil
	}, &failing))
	k = &keeper{database: r.db}
	commit := func(f func() error) error {
		err := r.in(f)
		if err == nil {
			k.kept = k.next
		}
		return err
	}
	invoke = func(in string) (at time.Time, err error) {
		err = commit(func() (err error) {
			_, at, err = r.d.Invoke(k, "k", "object", "run", []byte(`"`+in+`"`))
			return err
		})
		return at, err
	}
	collect = func(object string) (at time.Time) {
		if err := commit(func() (err error) {
			_, at, err = r.d.Collect(k, "k", object)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return at
	}
	return invoke, collect, k, r
}

func TestWhatAHostHasKeptIsNotReadAgain(t *testing.T) {
	invoke, collect, k, r := recallRig(t)
	hour := r.now.Add(time.Hour)
	for _, step := range []struct {
		in   string
		want time.Time
	}{
		{"", time.Time{}}, {"alarm", hour}, {"", hour}, {"fail", time.Time{}}, {"", hour}, {"later", r.now}, {"", r.now}, {"clear", r.now},
	} {
		at, err := invoke(step.in)
		if (err != nil) != (step.in == "fail") || err == nil && !at.Equal(step.want) {
			t.Errorf("%q: rings at %v, %v; want %v", step.in, at, err, step.want)
		}
		stored := r.exec(`SELECT alarm, (SELECT min(due) FROM _object_outbox) FROM _object_state`)[0]
		if alarm, due, _ := k.Recall(); alarm != stored[0] || due != 0 && due != stored[1] || due == 0 && stored[1] != nil {
			t.Errorf("%q: kept %v, stored %v", step.in, k.kept, stored)
		}
	}
	if at := collect("object"); !at.Equal(r.now.Add(leaseTime)) {
		t.Errorf("after the outbox was leased it rings at %v", at)
	}
	if k.reads != 1 {
		t.Errorf("the bookkeeping was read %d times", k.reads)
	}
}

func TestAnObjectWithoutItsNameReadsIt(t *testing.T) {
	invoke, collect, k, _ := recallRig(t)
	if _, err := invoke("alarm"); err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(k.kept)
	if collect(""); k.reads != 2 || !slices.Equal(k.kept, before) {
		t.Errorf("%d reads, kept %v and then %v", k.reads, before, k.kept)
	}
}
