package validate

import "testing"

// A condition on the first field of a struct; the detail is "ok" when it holds.
type conditionCase struct {
	decl string
	rule string
	json string
	want string
}

func runConditions(t *testing.T, cases []conditionCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.decl+" "+c.rule+" "+c.json, func(t *testing.T) {
			i := newIDL(c.decl)
			i.annotate(i.t.Fields[0].Name, c.rule)
			if got := i.check(t, c.json); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestOperators(t *testing.T) {
	var cases []conditionCase
	for expr, holds := range map[string]bool{
		// Precedence and associativity.
		"1+2*4/2==5":                        true,
		"10-7-2==1":                         true,
		"100/((2+8)*5)-(1+1-0)==0":          true,
		"20%7%5==1":                         true,
		"-20/2+1+2==-7":                     true,
		"1+2>5-4":                           true,
		"50==50!=true==true!=true":          true,
		"false||true&&8==8":                 true,
		"true||false&&false":                true,
		"(true||false)&&false||false":       false,
		"true||1<0&&'a'!='a'||0!=0":         true,
		"!false&&false":                     false,
		"!(false&&false)":                   true,
		"!!true":                            true,
		"!!(!false)":                        true,
		"!-1":                               false,
		"1<2==2>1":                          true,
		" ( ( 1 ) ) == 1 ":                  true,
		"1&&2":                              true,
		"1&&0":                              false,
		"''||'x'":                           true,
		"''":                                false,
		"0.0":                               false,
		"!nil":                              true,
		"nil==nil":                          true,
		"nil!=nil":                          false,
		"nil==5":                            false,
		"nil!=5":                            true,
		"true==true":                        true,
		"true!=false":                       true,
		"5--3==8":                           true,
		"5-+3==2":                           true,
		"---5==-5":                          true,
		"9007199254740993>9007199254740992": true,
		"9223372036854775807>9223372036854775806":    true,
		"-9223372036854775808<-9223372036854775807":  true,
		"9223372036854775807+1==9223372036854775808": true, // past int64: float64
		"9223372036854775807*2>9223372036854775807":  true,
		"9007199254740993>9007199254740992.0":        true,
		"9223372036854775807<9223372036854775808.0":  true,
		"1<1.5":                       true,
		"2>1.5":                       true,
		"-1<-0.5":                     true,
		"1==1.0":                      true,
		"0.1+0.2!=0.3":                true,
		"7/2==3.5":                    true,
		"6/2==3":                      true,
		"7.9%4.9==3":                  true, // 7%4
		"-7%3==-1":                    true,
		"1/0==1/0":                    false, // NaN
		"1/0<1":                       false,
		"1/0>=1":                      false,
		"5%0==0":                      false,
		"5%0.5==0":                    false,
		"1.5/0!=1":                    true,
		"'a'<'b'":                     true,
		"'13.2'<'2.1'":                true,
		"'b'>='b'":                    true,
		"'a'<='B'":                    false,
		"'50'==50":                    true,
		"50=='50.0'":                  true,
		"'9'<10":                      true,
		"10>'9.5'":                    true,
		"'a'+'b'=='ab'":               true,
		"'a'+1=='a1'":                 true,
		"'a'+1.5=='a1.5'":             true,
		"'a'+true=='atrue'":           true,
		"'a'+nil=='a'":                true,
		`'it\'s'=='it'+'\''+'s'`:      true,
		`'\\\\'=='\\\\'`:              true,
		"len('日本')==6":                true,
		"mblen('日本')==2":              true,
		"len('')==0":                  true,
		"len(nil)==0":                 true,
		"mblen(nil)":                  false,
		"len('abc')+2*2/len('cd')==5": true,
		`regexp('a\d','xa0')`:         true,
		`regexp('^a\\d$','a0')`:       true,
		`regexp('a\d','a')`:           false,
		`!regexp('a\d','a')`:          true,
		"sprintf('%v|%d|%5.2f|%s|%q|%t|%%|%x|%05d',10+2*2,3,1.5,'s','q',true,255,7)=='14|3| 1.50|s|\"q\"|true|%|ff|00007'": true,
		"sprintf('%[2]v %[1]v','a','b')=='b a'":             true,
		"sprintf('%v %v',1000000,1.5)=='1000000 1.5'":       true,
		"sprintf('%d %.1f',2.0,3)=='2 3.0'":                 true,
		"sprintf('')+'a'=='a'":                              true,
		"sprintf('%v',nil)=='null'":                         true,
		"in(1,2,1)":                                         true,
		"in(1,2,3)":                                         false,
		"in('a','b','a')":                                   true,
		"in(1,1.0)":                                         true,
		"in(nil,nil)":                                       true,
		"email('a.b@example.com')":                          true,
		"email('a@b')":                                      false,
		"email('中文@example.cn')":                            true,
		"phone('18812345678')":                              true,
		"phone('+86 188 1234 5678')":                        true,
		"phone('12345')":                                    false,
		"phone('12812345678')":                              false,
		"phone('010-12345678')":                             true,
		"phone('+1 (212) 555-0123')":                        true,
		"phone('212-555-0123','US')":                        true,
		"phone('1-800-FLOWERS','US')":                       false,
		"phone('+861012345678')":                            true,
		"phone('1234567890123456789012345678901234567890')": false,
		"phone('')":                                         false,
		"@:1==1":                                            true,
	} {
		c := conditionCase{decl: "i32 n", rule: "api.vd=" + expr + ";msg:'no'", json: `{"n":0}`, want: "no"}
		if holds {
			c.want = "ok"
		}
		cases = append(cases, c)
	}
	runConditions(t, cases)
}

func TestReferences(t *testing.T) {
	runConditions(t, []conditionCase{
		{"i32 n", "$<100; msg:'num must less than 100'", `{"n":200}`, "num must less than 100"},
		{"i32 n", "$<100; msg:'num must less than 100'", `{"n":99}`, "ok"},
		{"i64 n", "$==9007199254740993;msg:'no'", `{"n":9007199254740993}`, "ok"},
		{"i64 n", "$==9007199254740993;msg:'no'", `{"n":9007199254740992}`, "no"},
		{"i64 n", "-$>0;msg:'no'", `{"n":-9223372036854775808}`, "ok"},
		{"i8 n", "$==-128;msg:'no'", `{"n":-128}`, "ok"},
		{"i16 n", "$==-2;msg:'no'", `{"n":-2}`, "ok"},
		{"double d", "$>0.5;msg:'no'", `{"d":0.75}`, "ok"},
		{"double d", "$>0.5;msg:'no'", `{"d":0.25}`, "no"},
		{"bool b", "$;msg:'no'", `{"b":true}`, "ok"},
		{"bool b", "!$;msg:'no'", `{"b":true}`, "no"},
		{"Color c", "$==2;msg:'no'", `{"c":2}`, "ok"},
		{"uuid u", "$=='00112233-4455-6677-8899-aabbccddeeff';msg:'no'", `{"u":"00112233-4455-6677-8899-aabbccddeeff"}`, "ok"},
		{"binary b", "len($)==3&&$=='abc';msg:'no'", `{"b":"abc"}`, "ok"},
		{"string s", `regexp('^\\w+$');msg:'no'`, `{"s":"abc"}`, "ok"},
		{"string s", `regexp('^\w+$');msg:'no'`, `{"s":"a c"}`, "no"},
		{"string s", "$[0]==97&&$[5]==nil;msg:'no'", `{"s":"abc"}`, "ok"},
		{"i32 min, i32 max", "$<=(max)$;msg:'no'", `{"min":1,"max":1}`, "ok"},
		{"i32 min, i32 max", "$<=(Max)$;msg:'no'", `{"min":2,"max":1}`, "no"},
		{"i32 a, i32 user_id", "$==(UserID)$ && $==(UserId)$ && $==( user_id )$;msg:'no'", `{"user_id":3,"a":3}`, "ok"},
		{"i32 a, string b", "$>(b)$;msg:'no'", `{"a":3,"b":"2.5"}`, "ok"},
		{"i32 a, string b", "$>(b)$;msg:'no'", `{"a":3,"b":"x"}`, "no"},
		{"i32 a, string b", "$!=(b)$;msg:'no'", `{"a":3,"b":"x"}`, "ok"},
		{"i32 a, Point p", "$==(p.x)$+(P.Y)$;msg:'no'", `{"a":3,"p":{"y":1,"x":2}}`, "ok"},
		{"i32 a, Point p", "(p.x)$==nil;msg:'no'", `{"a":3}`, "ok"},
		{"i32 a, Point p", "(p.x)$==0&&(p.label)$==nil;msg:'no'", `{"a":3,"p":{}}`, "ok"},
		{"i32 a, Point p", "(p)$['x']==1&&(p)$[1]==2&&(p)$['tags'][0]==7&&(p.counts)$['k']==9;msg:'no'", `{"a":3,"p":{"x":1,"y":2,"tags":[7],"counts":{"j":8,"k":9}}}`, "ok"},
		{"i32 a, Node n", "(n.next.next.value)$==3;msg:'no'", `{"n":{"next":{"next":{"value":3}}}}`, "ok"},
		{"list<string> l", "$[0]=='a'&&$[1]=='b'&&$[2]==nil&&$[-1]==nil&&$[0.5]=='a';msg:'no'", `{"l":["a","b"]}`, "ok"},
		{"map<string,list<i32>> m, i32 i", "$['a'][(i)$]==5;msg:'no'", `{"m":{"z":[],"a":[4,5]},"i":1}`, "ok"},
		{"map<i32,string> m", "$[2]=='x'&&$[3]==nil;msg:'no'", `{"m":{"2":"x"}}`, "ok"},
		{"map<string,i32> m", "len($)==$['len'];msg:'no'", `{"m":{"len":1}}`, "ok"},
		{"map<string,i32> m", "$['none']", `{"m":{"len":1}}`, "ok"}, // nil holds
		{"set<i32> s", "len($)==2&&mblen($)==2;msg:'no'", `{"s":[1,2]}`, "ok"},
		{"list<i32> l", "range($,#v>0&&#k<##);msg:'no'", `{"l":[1,2,3]}`, "ok"},
		{"list<i32> l", "range($,#v>0);msg:'no'", `{"l":[1,0,3]}`, "no"},
		{"list<i32> l", "!range($,#v>5);msg:'no'", `{"l":[1,2]}`, "ok"},
		{"list<i32> l", "!range($,#v>1);msg:'no'", `{"l":[1,2]}`, "no"}, // as upstream: of each element
		{"list<i32> l", "!(range($,#v>1));msg:'no'", `{"l":[1,2]}`, "ok"},
		{"list<i32> l", "range($,#v>0);msg:'no'", `{"l":[]}`, "ok"},
		{"list<i32> l", "range($,#v>0);msg:'no'", `{}`, "ok"},
		{"map<string,i32> m", "range($,regexp('^k',#k)&&in(#v,1,2));msg:'no'", `{"m":{"k1":1,"k2":2}}`, "ok"},
		{"map<string,i32> m", "range($,regexp('^k',#k)&&in(#v,1,2));msg:'no'", `{"m":{"k1":1,"k2":3}}`, "no"},
		{"list<list<i32>> l", "range($,range(#v,#v>0)&&##==2&&len(#v)>0);msg:'no'", `{"l":[[1],[2,3]]}`, "ok"},
		{"list<Point> l", "range($,#v['x']<#v['y']);msg:'no'", `{"l":[{"x":1,"y":2},{"x":2,"y":2}]}`, "no"},
		{"list<string> l, string prefix", "range($,#v!=(prefix)$+sprintf('%v',#k));msg:'no'", `{"l":["p0"],"prefix":"p"}`, "no"},
		{"list<string> l", "range($,phone(#v,'CN'));msg:'no'", `{"l":["18812345678"]}`, "ok"},
		{"list<string> d", "len($)>0 && $[0]=='D'; msg:sprintf('invalid d: %v',$)", `{"d":["x","y"]}`, "invalid d: [x y]"},
		{"map<string,i32> m", "len($)>9; msg:sprintf('%v %s',$,$['a'])", `{"m":{"a":1,"b":2}}`, "map[a:1 b:2] 1"},
		{"Point p", "(p.x)$>9; msg:sprintf('%v',$)", `{"p":{"x":1,"tags":[2]}}`, "{1 0 null [2] null}"},
		{"i64 n", "$*$==9223372036854775808;msg:'no'", `{"n":3037000500}`, "no"}, // 9223372037000250000, past int64
		{"i64 n", "$*-1>9223372036854775807;msg:'no'", `{"n":-9223372036854775808}`, "ok"},
		{"i64 n", "$/-1>9223372036854775807&&$%-1==0;msg:'no'", `{"n":-9223372036854775808}`, "ok"},
		{"i64 n, double d", "$>(d)$;msg:'no'", `{"n":-9223372036854775808,"d":-1e300}`, "ok"},
		{"i64 n, double d", "$<(d)$&&(d)$>$;msg:'no'", `{"n":9223372036854775807,"d":1e300}`, "ok"},
		{"uuid u", "$=='00000000-0000-0000-0000-000000000000';msg:'no'", `{}`, "ok"},
		{"string s", `$=='a\tb\n\r\"'&&$!='a\\tb';msg:'no'`, "{\"s\":\"a\\tb\\n\\r\\\"\"}", "ok"},
		{"string s", "$[1.5]==nil&&$[-1]==nil;msg:'no'", `{"s":"abc"}`, "ok"},
		{"string s", "sprintf('%5s|%-4v|%x|%+5s',$,true,$,1)=='    a|true|61|    1';msg:'no'", `{"s":"a"}`, "ok"},
		{"optional i32 n", "$!=nil;msg:sprintf('%d %5.1f %q',$,$,'x')", `{}`, `null  null "x"`},
		{"optional i32 n, string s", "$!=nil;msg:sprintf('%06d|%-6d|%+.2s|%-05v|%d',$,$,(s)$,(s)$,$)", `{"s":"abc"}`, "  null|null  |ab|abc  |null"},
		{"list<bool> l", "sprintf('%v',$)=='[true false]';msg:'no'", `{"l":[true,false]}`, "ok"},
		{"i32 n", "; $>5 ;;", `{"n":6}`, "ok"},
		{"i32 n", "$>5; msg:'got '+sprintf('%d',$)", `{"n":4}`, "got 4"},
		{"i32 n", "$>5; msg:''", `{"n":4}`, "must be greater than 5"},
	})
}

func TestNil(t *testing.T) {
	runConditions(t, []conditionCase{
		{"optional i32 n", "$>5;msg:'no'", `{}`, "ok"},
		{"optional i32 n", "$>5;msg:'no'", `{"n":0}`, "no"},
		{"optional i32 n", "$!=nil;msg:'no'", `{}`, "no"},
		{"optional i32 n", "$!=nil&&$>5;msg:'no'", `{"n":6}`, "ok"},
		{"optional i32 n", "$==nil||$>5;msg:'no'", `{}`, "ok"},
		{"i32 n", "$>5;msg:'no'", `{}`, "no"}, // read as zero
		{"i32 n = 7", "$>5;msg:'no'", `{}`, "ok"},
		{"optional i32 n = 3", "$>5;msg:'no'", `{}`, "no"},
		{"required i32 n", "$>5;msg:'no'", `{}`, "no"},
		{"string s", "$=='';msg:'no'", `{}`, "ok"},
		{"string s", "$!=nil;msg:'no'", `{}`, "ok"},
		{"list<i32> l", "len($)==0;msg:'no'", `{}`, "ok"},
		{"list<i32> l", "$!=nil;msg:'no'", `{}`, "no"},
		{"list<i32> l", "$!=nil;msg:'no'", `{"l":[]}`, "ok"},
		{"Point p", "$!=nil;msg:'no'", `{}`, "no"},
		{"Point p", "$!=nil;msg:'no'", `{"p":{}}`, "ok"},
		{"i32 a, optional i32 b", "$>(b)$;msg:'no'", `{"a":1}`, "no"},
		{"i32 a, optional i32 b", "$+(b)$==1;msg:'no'", `{"a":1}`, "ok"},
		{"i32 a, Choice c", "(c.number)$==nil&&(c.text)$=='x';msg:'no'", `{"c":{"text":"x"}}`, "ok"},
		{"i32 a", "?$>5;msg:'no'", `{"a":0}`, "ok"},
		{"i32 a", "? $>5;msg:'no'", `{"a":1}`, "no"},
		{"string s", "?len($)>3;msg:'no'", `{"s":""}`, "ok"},
		{"string s", "@:?len($)>3;msg:'no'", `{"s":"ab"}`, "no"},
		{"list<i32> l", "?len($)>3;msg:'no'", `{"l":[]}`, "ok"},
		{"optional i32 n", "?$!=nil;msg:'no'", `{}`, "ok"},
	})
}

func TestDefaultDetails(t *testing.T) {
	runConditions(t, []conditionCase{
		{"i32 n", "$<100", `{"n":100}`, "must be less than 100"},
		{"i32 n", "$>0 && $<=10", `{"n":0}`, "must be greater than 0 and be at most 10"},
		{"i32 n", "$==5", `{"n":0}`, "must be 5"},
		{"string s", "$!='x'", `{"s":"x"}`, `must not be "x"`},
		{"string s", "len($)>0", `{"s":""}`, "must not be empty"},
		{"list<i32> l", "len($)>=2", `{"l":[1]}`, "must have a length of at least 2"},
		{"string s", "len($)<2", `{"s":"ab"}`, "must have a length less than 2"},
		{"string s", "len($)!=2", `{"s":"ab"}`, "must not have a length of 2"},
		{"string s", "mblen($)<=3", `{"s":"abcd"}`, "must have at most 3 characters"},
		{"string s", "in($,'a','b')", `{"s":"c"}`, `must be one of "a", "b"`},
		{"string s", "email($)", `{"s":"c"}`, "must be an email address"},
		{"string s", "phone($)", `{"s":"c"}`, "must be a telephone number"},
		{"string s", "regexp('^a$')", `{"s":"c"}`, "must match ^a$"},
		{"i32 n", "  $%2==0 ; msg:''", `{"n":1}`, "must satisfy $%2==0"},
		{"i32 n", "$>0||$<-5", `{"n":-1}`, "must satisfy $>0||$<-5"},
	})
}
