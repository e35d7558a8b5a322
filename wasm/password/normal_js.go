package password

import "github.com/latchkey-id/latchkey/wasm/internal/jsbridge"

// The browser brings Unicode's tables along; ours would make the module larger by 40 KiB.
func nfc(text string) string { return jsbridge.Normalize(text, "NFC") }

func nfd(text string) string { return jsbridge.Normalize(text, "NFD") }
