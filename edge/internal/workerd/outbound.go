package workerd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strconv"
)

var errResponse = errors.New("workerd: malformed response")

// appendOutbound writes a request to the outside: deadline in milliseconds and bound in bytes, then method, URL, header and body.
func appendOutbound(dst []byte, r *http.Request, body []byte, timeout, limit uint32) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, timeout)
	dst = binary.LittleEndian.AppendUint32(dst, limit)
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	dst = appendField(dst, method)
	dst = appendField(dst, r.URL.String())
	dst = appendField(dst, appendHeader(nil, r.Header))
	return appendField(dst, body)
}

// parseResponse reads what came back: status in four bytes, header and body. The runtime has already decompressed the body.
func parseResponse(data []byte, r *http.Request) (*http.Response, error) {
	if len(data) < 4 {
		return nil, errResponse
	}
	status := binary.LittleEndian.Uint32(data)
	fields := frameReader{rest: data[4:]}
	head, body := fields.string(), fields.bytes()
	if fields.err != nil || status < 100 || status > 999 {
		return nil, errResponse
	}
	header, err := parseHeader(head)
	if err != nil {
		return nil, errResponse
	}
	w := &http.Response{
		Status: strconv.Itoa(int(status)) + " " + http.StatusText(int(status)), StatusCode: int(status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
	if header.Get("Content-Encoding") != "" {
		delete(header, "Content-Encoding")
		delete(header, "Content-Length")
		w.Uncompressed = true
	}
	return w, nil
}
