// Package book is the library behind the example service: Open a Store, then
// Find and Insert. All stores on one etcd share the inserted books, so that a
// book inserted through one instance is found through every other.
package book
