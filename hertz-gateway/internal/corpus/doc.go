// Package corpus reads the files of testdata/corpus: IDLs, requests, and what
// must come of them. Tests of single packages and of the whole gateway run the
// same files. Start with Load.
//
// A file is a txtar archive. Its comment is a title and the rows of the rules
// it covers. idl/*.thrift are the IDLs, settings.json the JSON policy of the
// namespace, if there is one; then each case NAME has
//
//	NAME.request   HTTP/1.1 text with LF line ends, without Host and
//	               Content-Length; the body follows the blank line, its last
//	               line end stripped
//	NAME.call      the call that must reach the backend: Service.method, then
//	               the argument struct as wiretext; absent: no call
//	NAME.reply     the result struct as wiretext, or a line
//	               error biz 404 "text" {"k":"v"}, or error app 6 "text";
//	               absent: a zero value of the result's type
//	NAME.response  the status, the headers that are checked, a blank line, and
//	               the body; request_id and instance of problems are "-"
//
// The pseudo header Corpus-Body of a request is not sent; it says how its body
// is written: "crlf" (LF stands for CR LF), "quoted" (a Go string), "wiretext".
package corpus
