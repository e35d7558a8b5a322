package jsbridge

import (
	"context"
	"errors"
	"sync"
	"syscall/js"
)

// ErrDatabase says that IndexedDB failed or is not there. The reason stays in JavaScript.
var ErrDatabase = errors.New("jsbridge: no database")

// Database is an IndexedDB with stores of values by text. It opens at the first use.
type Database struct {
	Name   string
	Stores []string

	mu   sync.Mutex
	open js.Value
}

// HasDatabase reports whether there is IndexedDB at all.
func HasDatabase() bool { return js.Global().Get("indexedDB").Truthy() }

// handle opens the database. Two that do it at once do it twice, which is no harm.
func (d *Database) handle(ctx context.Context) (js.Value, error) {
	d.mu.Lock()
	known := d.open
	d.mu.Unlock()
	if known.Truthy() {
		return known, nil
	}
	if !HasDatabase() {
		return js.Value{}, ErrDatabase
	}
	opening := js.Global().Get("indexedDB").Call("open", d.Name, 1)
	upgrade := js.FuncOf(func(js.Value, []js.Value) any {
		for _, store := range d.Stores {
			opening.Get("result").Call("createObjectStore", store)
		}
		return nil
	})
	defer upgrade.Release()
	opening.Set("onupgradeneeded", upgrade)
	if err := happens(ctx, opening, "onsuccess", "onerror"); err != nil {
		return js.Value{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = opening.Get("result")
	return d.open, nil
}

// happens waits for one event of a target, or fails at another one.
func happens(ctx context.Context, target js.Value, good, bad string) error {
	result := make(chan error, 1)
	report := func(err error) js.Func {
		return js.FuncOf(func(js.Value, []js.Value) any {
			select {
			case result <- err:
			default:
			}
			return nil
		})
	}
	success, failure := report(nil), report(ErrDatabase)
	target.Set(good, success)
	target.Set(bad, failure)
	defer func() {
		target.Set(good, js.Null())
		target.Set(bad, js.Null())
		success.Release()
		failure.Release()
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// begin starts a transaction over one store.
func (d *Database) begin(ctx context.Context, store, mode string) (transaction, objects js.Value, err error) {
	handle, err := d.handle(ctx)
	if err != nil {
		return js.Value{}, js.Value{}, err
	}
	defer func() {
		if recover() != nil { // the browser has closed it: the next call opens it again
			d.mu.Lock()
			defer d.mu.Unlock()
			d.open, err = js.Undefined(), ErrDatabase
		}
	}()
	options := js.Global().Get("Object").New()
	options.Set("durability", "strict")
	transaction = handle.Call("transaction", store, mode, options)
	return transaction, transaction.Call("objectStore", store), nil
}

// caught turns an exception of JavaScript into an error.
func caught(err *error) {
	if recover() != nil {
		*err = ErrDatabase
	}
}

// finish waits until a transaction is done.
func finish(ctx context.Context, transaction js.Value) error {
	return happens(ctx, transaction, "oncomplete", "onabort")
}

// get returns a value, undefined when there is none.
func (d *Database) get(ctx context.Context, store, key string) (js.Value, error) {
	transaction, objects, err := d.begin(ctx, store, "readonly")
	if err != nil {
		return js.Value{}, err
	}
	request := objects.Call("get", key)
	if err := finish(ctx, transaction); err != nil {
		return js.Value{}, err
	}
	return request.Get("result"), nil
}

// put writes a value, or removes it when it is undefined.
func (d *Database) put(ctx context.Context, store, key string, value js.Value) (err error) {
	transaction, objects, err := d.begin(ctx, store, "readwrite")
	if err != nil {
		return err
	}
	if err := write(objects, key, value); err != nil {
		return err
	}
	return finish(ctx, transaction)
}

func write(objects js.Value, key string, value js.Value) (err error) {
	defer caught(&err)
	if value.IsUndefined() {
		objects.Call("delete", key)
	} else {
		objects.Call("put", value, key)
	}
	return nil
}

// Text returns a text, "" when there is none.
func (d *Database) Text(ctx context.Context, store, key string) (string, error) {
	value, err := d.get(ctx, store, key)
	if err != nil || value.Type() != js.TypeString {
		return "", err
	}
	return value.String(), nil
}

// PutText writes a text; "" removes it.
func (d *Database) PutText(ctx context.Context, store, key, text string) error {
	value := js.Undefined()
	if text != "" {
		value = js.ValueOf(text)
	}
	return d.put(ctx, store, key, value)
}

// Load returns all byte arrays whose keys begin with prefix, without it, and the text under mark.
func (d *Database) Load(ctx context.Context, store, prefix, mark string) (map[string][]byte, string, error) {
	transaction, objects, err := d.begin(ctx, store, "readonly")
	if err != nil {
		return nil, "", err
	}
	under := js.Global().Get("IDBKeyRange").Call("bound", prefix, prefix+"\uffff")
	keys, values, text := objects.Call("getAllKeys", under), objects.Call("getAll", under), objects.Call("get", mark)
	if err := finish(ctx, transaction); err != nil {
		return nil, "", err
	}
	keys, values, text = keys.Get("result"), values.Get("result"), text.Get("result")
	all := make(map[string][]byte, keys.Length())
	for i := range keys.Length() {
		body, ok := Bytes(values.Index(i), 1<<30)
		if !ok {
			return nil, "", ErrDatabase
		}
		all[keys.Index(i).String()[len(prefix):]] = body
	}
	if text.Type() != js.TypeString {
		return all, "", nil
	}
	return all, text.String(), nil
}

// Save writes byte arrays behind prefix, nil to remove one, and the text under mark: all of it or nothing.
func (d *Database) Save(ctx context.Context, store, prefix string, changes map[string][]byte, mark, text string) error {
	transaction, objects, err := d.begin(ctx, store, "readwrite")
	if err != nil {
		return err
	}
	err = write(objects, mark, js.ValueOf(text))
	for key, body := range changes {
		value := js.Undefined()
		if body != nil {
			value = array(body)
		}
		err = errors.Join(err, write(objects, prefix+key, value))
	}
	if err != nil {
		transaction.Call("abort")
		return ErrDatabase
	}
	return finish(ctx, transaction)
}
