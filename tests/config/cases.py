"""Bad configurations and what is said about each, for the loader and for the JSON Schema."""

from __future__ import annotations

# Every text below stands under a first line `version: 1`; a row's problems are all there are.
ROWS: dict[str, tuple[str, list[str]]] = {
    "unknown key": ("dfaults: {}", ["2:1: unknown key 'dfaults' (did you mean 'defaults'?)"]),
    "unknown key, none near": (
        "watch: { zzz: 1 }",
        ["2:10: unknown key 'zzz' (known here: heartbeat)"],
    ),
    "snake case": (
        "defaults: { max_age: 3d }",
        ["2:13: unknown key 'max_age' (did you mean 'max-age'?)"],
    ),
    "unknown key in a union": (
        "journal: { kind: local, path: x, pubic-journal: true }",
        ["2:34: unknown key 'pubic-journal' (did you mean 'public-journal'?)"],
    ),
    "duplicate key": (
        "issues: {}\nissues: {}",
        ["3:1: duplicate key 'issues' (the first is on line 2; keep one of them)"],
    ),
    "duplicate key, deep": (
        "scan: { patterns: [{ id: a, keyword: a_, regex: a, id: b }] }",
        ["2:52: duplicate key 'id'"],
    ),
    "version word": ('"defaults": {}\nversion: 2', ["3:1: duplicate key 'version'"]),
    "mapping wanted": ("issues: 3", ["2:9: 'issues': must be a mapping"]),
    "list wanted": ("tokens: {}", ["2:9: 'tokens': must be a list"]),
    "list wanted, word given": (
        "ignore: A",
        ["2:9: 'ignore': must be a list (put it in brackets: [ ])"],
    ),
    "token is a word": ("tokens: [a]", ["2:10: 'tokens': must be a mapping"]),
    "boolean wanted": ("issues: { public: yes }", ["2:19: 'public': must be true or false"]),
    "number wanted": (
        "rotation: { max-rotations: 1.5 }",
        ["2:28: 'max-rotations': must be a whole number"],
    ),
    "number too small": (
        "rotation: { max-rotations: 0 }",
        ["2:28: 'max-rotations': must be at least 1"],
    ),
    "text wanted": (
        "scan: { baseline: 12 }",
        ["2:19: 'baseline': must be text (put it in quotes)"],
    ),
    "no value": ("defaults:\nissues: {}", ["2:10: 'defaults' has no value"]),
    "no value in a list": ("issues: { labels: [a, ~] }", ["2:23: an entry of the list has no"]),
    "empty list": ("issues: { labels: [] }", ["2:19: 'labels': must not be empty"]),
    "empty text": ("scan: { baseline: '  ' }", ["2:19: 'baseline': the text is empty"]),
    "label": ("issues: { labels: ['a,b'] }", ["2:20: 'labels': not a label"]),
    "duration": (
        "defaults: { max-age: 3 }",
        ["2:22: 'max-age': not a duration (write a whole number and m, h, d or w, such as 30d)"],
    ),
    "duration beyond reason": (
        "defaults: { max-age: 5219w }",
        ["2:22: 'max-age': longer than a hundred years"],
    ),
    "ladder rises": ("defaults: { warn: [1d, 3d] }", ["2:19: 'warn': the ladder does not fall"]),
    "ladder stays": ("defaults: { warn: [24h, 1d] }", ["2:19: 'warn': the ladder does not fall"]),
    "ladder empty": ("defaults: { warn: [] }", ["2:19: 'warn': must not be empty"]),
    "ladder step": ("defaults: { warn: [3d, x] }", ["2:24: 'warn': not a duration"]),
    "owner": ("defaults: { owners: [alice] }", ["2:22: 'owners': neither a person nor a team"]),
    "team": ("defaults: { owners: ['@a/b/c'] }", ["2:22: 'owners': neither a person nor"]),
    "repository": ("issues: { repository: octo }", ["2:23: 'repository': not a repository"]),
    "repository dots": ("issues: { repository: octo/.. }", ["2:23: 'repository': not a repo"]),
    "policy without match": ("policies: [{ max-age: 3d }]", ["2:12: 'match' is missing"]),
    "journal kind": (
        "journal: { kind: loca }",
        ["2:18: 'journal': not one of the known values (did you mean 'local'?)"],
    ),
    "journal without kind": ("journal: {}", ["2:10: 'journal': has no `kind`"]),
    "journal part missing": ("journal: { kind: local }", ["2:10: 'path' is missing"]),
    "cron": (
        'rotation: { windows: [{ cron: "61 * * * *", duration: 1h }] }',
        ["2:31: 'cron': not a cron line"],
    ),
    "cron with seconds": (
        'rotation: { windows: [{ cron: "0 0 2 * * 1", duration: 1h }] }',
        ["2:31: 'cron': not a cron line"],
    ),
    "time zone": (
        'rotation: { windows: [{ cron: "0 2 * * *", duration: 1h, timezone: Mars/Base }] }',
        ["2:68: 'timezone': not a time zone"],
    ),
    "time zone folder": (
        'rotation: { windows: [{ cron: "0 2 * * *", duration: 1h, timezone: Europe }] }',
        ["2:68: 'timezone': not a time zone"],
    ),
    "time zone path": (
        'rotation: { windows: [{ cron: "0 2 * * *", duration: 1h, timezone: ../../etc }] }',
        ["2:68: 'timezone': not a time zone"],
    ),
    "freeze backwards": (
        "rotation: { freeze: [{ from: 2027-01-02, to: 2027-01-02 }] }",
        ["2:46: 'to': the freeze ends before it begins"],
    ),
    "destination": (
        "rotation: { allow-destinations: [other] }",
        ["2:34: 'allow-destinations': not a repository"],
    ),
    "date": (
        "ignore: [{ secret: A, because: b, until: 2027-02-30 }]",
        ["2:42: 'until': not a date (write YYYY-MM-DD, which means 00:00 UTC of that day)"],
    ),
    "date long gone": (
        "ignore: [{ secret: A, because: b, until: 0001-01-01 }]",
        ["2:42: 'until': not a date of our time"],
    ),
    "date before all dates": (
        "ignore: [{ secret: A, because: b, until: '0001-01-01T00:00:00+14:00' }]",
        ["2:42: 'until': not a date that can be reckoned with"],
    ),
    "date after all dates": (
        "ignore: [{ secret: A, because: b, until: '9999-12-31T23:59:59-14:00' }]",
        ["2:42: 'until': not a date that can be reckoned with"],
    ),
    "instant without offset": (
        "ignore: [{ secret: A, because: b, until: '2027-02-03T10:00:00' }]",
        ["2:42: 'until': an instant needs an offset"],
    ),
    "regular expression": (
        "scan: { patterns: [{ id: a, keyword: a_, regex: '(' }] }",
        ["2:49: 'regex': not a regular expression"],
    ),
    "regular expression, long": (
        f"scan: {{ patterns: [{{ id: a, keyword: a_, regex: '{'a' * 1001}' }}] }}",
        ["2:49: 'regex': longer than 1000 characters"],
    ),
    "heartbeat is a value": (
        "watch: { heartbeat: 'https://example.com/x' }",
        ["2:21: 'heartbeat': not the name of an environment variable (write the name only"],
    ),
}

# Every text below is one entry of `tokens`, in flow style after `  - ` on the third line.
TOKENS: dict[str, tuple[str, list[str]]] = {
    "no id, no provider": ("{}", ["3:5: 'id' is missing", "3:5: 'provider' is missing"]),
    "id": ("{ id: 'a b', provider: declared }", ["3:11: 'id': not an id"]),
    "id too long": (f"{{ id: {'a' * 65}, provider: declared }}", ["3:11: 'id': not an id"]),
    "id is a number": (
        "{ id: 7, provider: declared }",
        ["3:11: 'id': must be text (put it in quotes)"],
    ),
    "unknown provider": (
        "{ id: a, provider: gitlb }",
        ["3:24: 'provider': unknown provider (did you mean 'gitlab'?)"],
    ),
    "unknown provider, none near": (
        "{ id: a, provider: xyz }",
        ["3:24: 'provider': unknown provider (known here: declared, gitlab, sailpoint)"],
    ),
    "no options": ("{ id: a, provider: gitlab }", ["3:5: 'url' is missing in 'with'"]),
    "option missing": (
        "{ id: a, provider: gitlab, with: { kind: project } }",
        ["3:38: 'url' is missing in 'with'"],
    ),
    "options are no mapping": (
        "{ id: a, provider: gitlab, with: [url] }",
        ["3:38: 'with': must be a mapping"],
    ),
    "option unknown": (
        "{ id: a, provider: gitlab, with: { url: 'https://h', token_id: 1 } }",
        ["3:58: unknown key 'token_id' (did you mean 'token-id'?)"],
    ),
    "option unknown, deep": (
        "{ id: a, provider: gitlab, with: { url: 'https://h', proxy: { hosts: x } } }",
        ["3:65: 'host' is missing", "3:67: unknown key 'hosts' (did you mean 'host'?)"],
    ),
    "option for nothing": (
        "{ id: a, provider: declared, with: { url: 'https://h' } }",
        ["3:42: unknown key 'url'"],
    ),
    "option of a wrong kind": (
        "{ id: a, provider: gitlab, with: { url: 'https://h', kind: projekt } }",
        ["3:64: 'kind': not one of the known values (did you mean 'project'?)"],
    ),
    "option out of range": (
        "{ id: a, provider: gitlab, with: { url: 'https://h', project: -1 } }",
        ["3:67: 'project': must be at least 1"],
    ),
    "plain http": (
        "{ id: a, provider: gitlab, with: { url: 'http://gitlab.example.com' } }",
        ["3:45: 'url': a credential is sent there, so the address must start with https://"],
    ),
    "address of the own cloud": (
        "{ id: a, provider: gitlab, with: { url: 'https://169.254.169.254' } }",
        [
            "3:45: 'url': the machine's own network has this address, no provider "
            "(write https://host)"
        ],
    ),
    "the provider's own rule": (
        "{ id: a, provider: gitlab, with: { url: 'https://h', kind: project } }",
        ["3:5: a project token without 'project' (say which project)"],
    ),
    "value is no variable": (
        "{ id: a, provider: declared, value: 9f-x }",
        ["3:41: 'value': not the name of an environment variable (write the name only, the value"],
    ),
    "credential is a token of the run": (
        "{ id: a, provider: declared, credential: ACTIONS_RUNTIME_TOKEN }",
        ["3:46: 'credential': a token of the run itself, sent to nobody (name a variable of your"],
    ),
    "value is a token of the run": (
        "{ id: a, provider: declared, value: INPUT_TOKEN }",
        ["3:41: 'value': a token of the run itself, sent to nobody (name a variable of your own)"],
    ),
    "credential part is no variable": (
        "{ id: a, provider: declared, credential: { client-id: 'a b' } }",
        ["3:59: 'client-id': not the name of an environment variable"],
    ),
    "part": (
        "{ id: a, provider: declared, credential: { Client_ID: A } }",
        ["3:48: 'Client_ID': not a part of a token"],
    ),
    "value is a list": (
        "{ id: a, provider: declared, value: [A] }",
        ["3:41: 'value': must be a mapping"],
    ),
    "secrets is a word": (
        "{ id: a, provider: declared, secrets: A }",
        ["3:43: 'secrets': must be a list"],
    ),
    "secret names": (
        "{ id: a, provider: declared, secrets: [1A, GitHub_X, A-B, { name: 'a b' }] }",
        [
            "3:44: 'secrets': not a name GitHub accepts for a secret",
            "3:48: 'secrets': not a name GitHub accepts for a secret",
            "3:58: 'secrets': not a name GitHub accepts for a secret",
            "3:71: 'name': not a name GitHub accepts for a secret",
        ],
    ),
    "secret without name": (
        "{ id: a, provider: declared, secrets: [{ nme: A }] }",
        ["3:44: 'name' is missing", "3:46: unknown key 'nme' (did you mean 'name'?)"],
    ),
    "organization and repository": (
        "{ id: a, provider: declared, secrets: [{ organization: o, repository: o/r, name: A }] }",
        ["3:60: 'organization': an organization's secret has neither"],
    ),
    "environment of Dependabot": (
        "{ id: a, provider: declared, secrets: [{ environment: e, store: dependabot, name: A }] }",
        ["3:69: 'store': an environment has Actions secrets only"],
    ),
    "store": (
        "{ id: a, provider: declared, secrets: [{ store: codespace, name: A }] }",
        ["3:53: 'store': not one of the known values (did you mean 'codespaces'?)"],
    ),
    "a secret twice": (
        "{ id: a, provider: declared, secrets: [A, { repository: Octo/App, name: a }] }",
        ["3:47: 'secrets': this secret is already claimed on line 3"],
    ),
    "both expiries": (
        "{ id: a, provider: declared, expires: 2027-01-01, "
        "never-expires: { by: '@a', because: b } }",
        ["3:43: 'expires': given together with `never-expires`"],
    ),
    "acceptance": (
        "{ id: a, provider: declared, never-expires: { by: alice } }",
        ["3:49: 'because' is missing", "3:55: 'by': neither a person nor a team"],
    ),
    "strategy": (
        "{ id: a, provider: declared, rotate: { strategy: overlp } }",
        ["3:54: 'strategy': not one of the known values (did you mean 'overlap'?)"],
    ),
    "lead beyond reason": (
        "{ id: a, provider: declared, rotate: { before: 999999w } }",
        ["3:52: 'before': neither a duration nor a share"],
    ),
    "share": (
        "{ id: a, provider: declared, rotate: { before: 100% } }",
        ["3:52: 'before': neither a duration nor a share"],
    ),
    "fixed part without a reason": (
        "{ id: a, provider: declared, rotate: { fixed-parts: { client-id: '' } } }",
        ["3:70: 'client-id': the text is empty"],
    ),
}

# Whole files.
FILES: dict[str, tuple[str | bytes, list[str]]] = {
    "empty": ("", ["1:1: the file is empty (begin the file with `version: 1`)"]),
    "comments only": ("# nothing\n", ["1:1: the file is empty"]),
    "a word": ("version", ["1:1: the file must be a mapping"]),
    "a list": ("- version: 1", ["1:1: the file must be a mapping"]),
    "no version": ("tokens: []", ["1:1: 'version' is missing"]),
    "later version": ("version: 2", ["1:10: 'version': this keyturn reads version 1"]),
    "version in quotes": ("version: '1'", ["1:10: 'version': this keyturn reads version 1"]),
    "version true": ("version: true", ["1:10: 'version': this keyturn reads version 1"]),
    "version float": ("version: 1.0", ["1:10: 'version': this keyturn reads version 1"]),
    "not UTF-8": (b"version: 1\n# \xff", ["2:1: the file is not UTF-8"]),
    "not YAML": ("version: 1\na: [", ["not YAML"]),
    "two documents": ("version: 1\n---\nversion: 1", ["2:1: a second document"]),
    "anchor": ("version: &v 1", ["1:10: anchors and aliases"]),
    "alias": ("version: 1\nissues: *v", ["2:9: anchors and aliases"]),
    "too large": (b"#" * ((1 << 20) + 1), ["1:1: the file is larger than 1024 KiB"]),
    "too deep": ("a: " + "[" * 70 + "]" * 70, ["1:67: nested more than 64 deep"]),
    "two tokens, one secret": (
        "version: 1\ntokens:\n  - { id: a, provider: declared, secrets: [A] }\n"
        "  - id: a\n    provider: declared\n    secrets:\n      - { name: a, part: x }\n",
        [
            "4:9: 'id': already used on line 3",
            "7:9: 'secrets': this secret is already claimed on line 3",
        ],
    ),
    "everything in one run": (
        "version: 1\ndefaults: { max-age: 1 }\ntokens:\n"
        "  - { id: a, provider: gitlab, with: { url: 'http://h' }, secrets: [A], expires: x }\n"
        "  - { id: a, provider: nope, secrets: [A], rotate: { before: 0% } }\n"
        "watsh: {}\n",
        [
            "2:22: 'max-age'",
            "4:45: 'url'",
            "4:82: 'expires'",
            "5:11: 'id': already used on line 4",
            "5:24: 'provider'",
            "5:40: 'secrets': this secret is already claimed on line 4",
            "5:62: 'before'",
            "6:1: unknown key 'watsh' (did you mean 'watch'?)",
        ],
    ),
}

CASES = [
    *((name, "version: 1\n" + text, told) for name, (text, told) in ROWS.items()),
    *((name, f"version: 1\ntokens:\n  - {text}\n", told) for name, (text, told) in TOKENS.items()),
    *((name, text, told) for name, (text, told) in FILES.items()),
]
