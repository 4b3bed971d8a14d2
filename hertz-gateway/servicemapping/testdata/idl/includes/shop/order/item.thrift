struct Item { 1: string near }
struct Both { 1: string near }
