struct Page { 1: i64 n }
