struct Shared { 1: string root }
struct Both { 1: string root }
