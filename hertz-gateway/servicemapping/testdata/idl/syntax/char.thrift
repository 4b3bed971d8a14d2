struct S { 1: string a ! }
