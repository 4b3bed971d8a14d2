enum Code { EUR = 978, USD = 840 }
