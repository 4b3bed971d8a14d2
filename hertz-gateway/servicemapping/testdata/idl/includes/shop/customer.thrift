struct Customer { 1: string name }
