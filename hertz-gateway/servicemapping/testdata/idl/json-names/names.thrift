struct Names {
    1: string plain
    2: string tagged (go.tag='json:"x,omitempty" yaml:"y"')
    3: string escaped (go.tag="json:\"escaped_name\"")
    4: string twice (go.tag='json:\"twice_name\"')
    5: string noName (go.tag='json:",omitempty"')
    6: string apiKey (api.key="api_key")
    7: string agwKey (agw.key="agw_key")
    8: string body (api.body="from_body")
    9: string all (api.body="b", agw.key="c", api.key="d", go.tag='json:"e"')
    10: string dash (go.tag='json:"-"')
    11: string dashPath (api.path="p", go.tag='json:"-"')
    12: i64 text (go.tag='json:"text,string"')
    13: string other (go.tag='yaml:"z"')
    14: string UserName (agw.to_snake="true")
    15: string user_name2 (janus.to_lower_camel_case="")
    16: string CASE (API.Key="case_key")
    17: string named_dash (go.tag='json:"-,"')
}

struct Snake {
    1: string UserID
    2: string HTTPServer
    3: string keptAs (agw.to_snake="false")
    4: string Explicit (api.key="Explicit")
} (agw.to_snake="true")

service NamesSvc {
    Snake get(1: Names req) (api.post="/names/:p")
}
