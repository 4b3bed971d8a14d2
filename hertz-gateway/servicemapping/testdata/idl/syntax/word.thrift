strct S {}
