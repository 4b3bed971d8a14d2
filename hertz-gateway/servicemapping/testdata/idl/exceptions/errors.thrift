exception NotFound { 1: string what } (api.http_code="404")
exception Plain { 1: string why }
exception Status { 1: i32 code (api.http_code="true"), 2: string why }
exception BadStatus { 1: string why } (api.http_code="42")
