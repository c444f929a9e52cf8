"""Query templates are Go templates, and mean here what Go makes of them."""

import pytest

from flagger_metrics.render import Names, render
from flagger_py.errors import SpecError

NAMES = Names("cd", "prod", "app", "svc", "ing", "rt", "1m")
VARIABLES = {"x": "1", "a-b": "2"}


def rendered(template: str, names: Names = NAMES) -> str:
    return render(template, names, VARIABLES)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ namespace }}-{{target}}[{{ interval }}]", "prod-app[1m]"),
        ("{{ name }} {{ service }} {{ ingress }} {{ route }}", "cd svc ing rt"),
        ("{{ variables.x }}", "1"),
        ('{{ index variables "a-b" }}', "2"),
        ('{{ index variables "missing" }}|', "|"),
        ('{{ if eq target "app" }}Y{{ end }}', "Y"),
        ('{{ if eq target "x" "app" }}a{{ else }}b{{ end }}', "a"),
        ('{{ if ne target "app" }}a{{ else if eq 1 2 }}b{{ else }}c{{ end }}', "c"),
        ("{{ range $k, $v := variables }}{{ $k }}={{ $v }};{{ end }}", "a-b=2;x=1;"),
        ("{{ range variables }}{{ . }}{{ end }}", "21"),
        ("{{ range $i := 3 }}{{ $i }}{{ end }}", "012"),
        (
            '{{ range $k, $v := variables }}{{ if eq $k "x" }}{{ break }}{{ end }}'
            "{{ $v }}{{ end }}",
            "2",
        ),
        ("{{ $n := 0 }}{{ range variables }}{{ $n = . }}{{ end }}{{ $n }}", "1"),
        ("{{ $n := 1 }}{{ if true }}{{ $n := 2 }}{{ $n }}{{ end }}{{ $n }}", "21"),
        ("{{ with variables.x }}{{ . }}{{ else }}n{{ end }}", "1"),
        ('{{ with index variables "q" }}y{{ else with target }}[{{ . }}]{{ end }}', "[app]"),
        ('{{ printf "kube_%s__%s" namespace ingress }}', "kube_prod__ing"),
        ('{{ variables.x | printf "%q" }}', '"1"'),
        ('{{ (index variables "x") | printf "%s-%s" target }}', "app-1"),
        ('{{ printf "%d" target }}', "%!d(string=app)"),
        ('{{ printf "%s %s" target }}', "app %!s(MISSING)"),
        ('{{ printf "%s" target service }}', "app%!(EXTRA string=svc)"),
        ('{{ printf "%5.1f %05d %-4d| %x" 2.25 42 7 "ab" }}', "  2.2 00042 7   | 6162"),
        ('{{ or "" target }}-{{ and target service }}-{{ not true }}', "app-svc-false"),
        ('{{ print 1 2 "a" }}', "1 2a"),
        ("{{ 1000000.0 }} {{ 1.5 }} {{ 'a' }} {{ 0x1F }}", "1e+06 1.5 97 31"),
        ("a {{- /* c */ -}} b {{- 1 -}}\n c {{/* d */}}", "ab1c "),
        ('{{ "\\u00e9\\x41" }}{{ `r\\n` }}', "éAr\\n"),
        ("{{ len variables }}{{ len target }}{{ slice target 1 2 }}", "23p"),
        ('{{ lt 1 2 }} {{ gt "a" "b" }} {{ ge 2 2 }}', "true false true"),
        ("{{ variables }} {{ . }}", "map[a-b:2 x:1] <no value>"),
        ('{% raw %}{# x #}{{ "{{" }}\n', "{% raw %}{# x #}{{\n"),
        (
            'sum(envoy{envoy_cluster_name=~"{{ namespace }}_{{ target }}"})',
            'sum(envoy{envoy_cluster_name=~"prod_app"})',
        ),
    ],
)
def test_a_template_renders_as_go_renders_it(template: str, text: str) -> None:
    """The right-hand sides were printed by Go's text/template with the same functions."""
    assert rendered(template) == text


def test_an_empty_interval_renders_empty() -> None:
    names = Names("cd", "prod", "app", "svc", "ing", "rt", "")

    assert rendered("{{ target }}[{{ interval }}]", names) == "app[]"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            "{{ variables.y }}",
            'template excution failed: template: tmpl:1:3: executing "tmpl" at <variables>: '
            'map has no entry for key "y"',
        ),
        ("\n {{ variables.y }}", "tmpl:2:4:"),
        ("{{ if not variables.q }}a{{ end }}", "tmpl:1:10:"),
        ("{{ foo }}", 'template parsing failed: template: tmpl:1: function "foo" not defined'),
        ("{{ .x }}", 'at <.x>: nil data; no entry for key "x"'),
        ("{{ $x }}", 'undefined variable "$x"'),
        ("{{ if true }}{{ $a := 1 }}{{ end }}{{ $a }}", 'undefined variable "$a"'),
        ("{{ if", "unclosed action"),
        ("{{ if target }}", "unexpected EOF"),
        ("{{ end }}", "unexpected {{end}}"),
        ("{{ else }}", "unexpected {{else}}"),
        ("{{ break }}", "{{break}} outside {{range}}"),
        ('{{ "open }}', "unterminated quoted string"),
        ("{{/* open", "unclosed comment"),
        ("{{}}", "missing value for command"),
        ("{{ (target }}", "unclosed left paren"),
        ("{{ target namespace }}", "wrong number of args for target: want 0 got 1"),
        ("{{ eq target 1 }}", "incompatible types for comparison: string and int"),
        ("{{ lt 1 2 3 }}", "wrong number of args for lt"),
        ("{{ variables.x.y }}", "can't evaluate field y"),
        ('{{ define "a" }}{{ end }}', "define is not supported"),
        ("{{ range target }}{{ end }}", "range can't iterate over app"),
        ('{{ printf "%c" 1114112 }}', "<printf>: error calling printf: 1114112 is no character"),
        ('{{ printf "%c" -1 }}', "<printf>: error calling printf: -1 is no character"),
        ('{{ printf "%c" 55296 }}', "<printf>: error calling printf: 55296 is no character"),
        ("{{ 9223372036854775808 }}", "tmpl:1: integer overflow: 9223372036854775808"),
        ("{{ 0x" + "f" * 4000 + " }}", "tmpl:1: integer overflow: 0xfffffff"),
        ("{{ " + "9" * 5000 + " }}", "tmpl:1: integer overflow: 9999999"),
        ("{{ 1e999 }}", "tmpl:1: bad number syntax: '1e999'"),
        ('{{ printf "%' + "9" * 5000 + 'd" 1 }}', "<printf>: error calling printf: a width above"),
        (r'{{ "\ud800" }}', r"tmpl:1: bad escape \ud800 in a string"),
        (r"{{ '\udfff' }}", r"tmpl:1: bad escape \udfff in a string"),
        ("{{ `\ud800` }}", "tmpl:1: half of a surrogate pair"),
        ("\ud800", "half of a surrogate pair"),
    ],
)
def test_what_is_not_understood_is_an_error_that_says_where(template: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        rendered(template)

    assert message in caught.value.message
    assert caught.value.reason == "InvalidTemplate"


def test_an_unknown_function_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SpecError, match=r"known are name, namespace, target, .* printf and if"):
        rendered("{{ foo }}")


@pytest.mark.parametrize(
    "template",
    [
        "{{range 2}}" * 30 + "x" + "{{end}}" * 30,
        "{{ range 9000 }}{{ range 9000 }}x{{ end }}{{ end }}",
        '{{ $x := "a" }}{{ range 9000 }}{{ $x = print $x $x }}{{ end }}',
        '{{ $x := printf "%1000d" 1 }}{{ range 9000 }}{{ $x }}{{ end }}',
        "{{ " + "(" * 60 + "1" + ")" * 60 + " }}",
        "{{ 1 " + "| print " * 300 + "}}",
        '{{ printf "%99999d" 1 }}',
        "x" * 70_000,
    ],
    ids=["blocks", "turns", "doubling", "output", "parens", "pipes", "width", "source"],
)
def test_no_template_can_take_the_process_down(template: str) -> None:
    with pytest.raises(SpecError):
        rendered(template)


def test_nothing_in_a_template_becomes_code_of_the_renderer() -> None:
    hostile = "{{ `{{ k.__class__ }}` }}{% for x in k %}{{ variables.x }}"

    assert rendered(hostile) == "{{ k.__class__ }}{% for x in k %}1"
