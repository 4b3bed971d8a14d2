package payload

import (
	"dgate/bench/grpc_gen"
	"dgate/bench/kitex_gen/bench"
)

// GRPC is the same library for the gRPC service.
func GRPC(lib *bench.Library) *grpc_gen.Library {
	out := &grpc_gen.Library{Name: lib.Name}
	for _, s := range lib.Shelves {
		shelf := &grpc_gen.Shelf{Name: s.Name}
		for _, b := range s.Books {
			shelf.Books = append(shelf.Books, &grpc_gen.Book{
				Id: b.Id, Title: b.Title, Price: b.Price, Stock: b.Stock, Sold: b.Sold, Tags: b.Tags,
				Author: &grpc_gen.Author{Name: b.Author.Name, Born: b.Author.Born},
			})
		}
		out.Shelves = append(out.Shelves, shelf)
	}
	return out
}
