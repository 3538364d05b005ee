"""What hides a dead or a missing secret in a script; whatever is not certain is not said."""

from __future__ import annotations

import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.silence.shell_guards import find_script_guard
from keyturn.silence.shell_lines import Unclear, read_script

SECRET = "${{ secrets.TOKEN }}"


def judge(script: str) -> str | None:
    """Return the guard; one that only hides a missing secret has a question mark."""
    found = find_script_guard(
        textwrap.dedent(script), variables=frozenset({"TOKEN"}), expressions=frozenset({SECRET})
    )
    return found and found[0] + ("" if found[1] else " ?")


EMPTY = "its script does nothing where the secret is empty ?"

HIDDEN = {
    "npm publish || true": "|| true",
    "npm publish || :": "|| :",
    "npm publish ||\n  true": "|| true",
    "npm publish \\\n  --tag next \\\n  || true": "|| true",
    "npm publish --token $TOKEN || echo 'not published'": "|| echo",
    f"deploy --token {SECRET} || exit 0": "|| exit 0",
    "build && deploy ${TOKEN} || echo failed": "|| echo",
    "cd site\necho deploying\ndeploy || true": "|| true",
    "deploy $TOKEN > log.txt 2>&1 || true": "|| true",
    "deploy $TOKEN > log.txt || true\ncat log.txt": "|| true",
    "deploy $TOKEN || true\nexport DONE=1\nexit 0": "|| true",
    "deploy $TOKEN > /dev/null || true\necho done > /dev/null": "|| true",
    "make test\ndeploy $TOKEN || true": "|| true",
    "if [ -f dist/app ]; then\n  upload $TOKEN || true\nfi": "|| true",
    "for file in dist/*; do\n  upload $TOKEN $file || true\ndone": "|| true",
    "upload $TOKEN a || true\nupload $TOKEN b || true": "|| true",
    'key="$TOKEN"\nupload --key "$key" || true': "|| true",
    "set +e\ndeploy --token $TOKEN\necho done": "set +e",
    "set +e\ndeploy --token $TOKEN; true": "set +e",
    'curl -H "Authorization: Bearer $TOKEN" https://x.example': "curl without --fail",
    f"curl -s -X POST -d @payload.json {SECRET}": "curl without --fail",
    'curl -sS -XPOST "$TOKEN" -d "{}"': "curl without --fail",
    "echo payload | curl -d @- $TOKEN": "curl without --fail",
    "curl -s -o /dev/null $TOKEN": "curl without --fail",
    "curl -s $TOKEN > /dev/null 2>&1": "curl without --fail",
    "curl -s $TOKEN || exit 1": "curl without --fail",
    "curl -d \"$(cat <<'END'\n{}\nEND\n)\" $TOKEN || true": "|| true",
    'if [ -z "$TOKEN" ]; then\n  echo "no token"\n  exit 0\nfi\ndeploy $TOKEN': EMPTY,
    'if [[ "${TOKEN:-}" == "" ]]; then exit 0; fi\ndeploy': EMPTY,
    f'if [ -z "{SECRET}" ]; then exit 0; fi\ndeploy': EMPTY,
    '[ -n "$TOKEN" ] || exit 0\ndeploy': EMPTY,
    '[ -z "$TOKEN" ] && exit 0\ndeploy': EMPTY,
    'test -n "$TOKEN" || exit 0\ndeploy': EMPTY,
    'if [ -n "$TOKEN" ]; then\n  npm publish\nfi': EMPTY,
    'if [ -n "$TOKEN" ] && [ "$REF" = main ]; then\n  npm publish\nfi': EMPTY,
    'if [ "$TOKEN" != "" ]; then\n  deploy\nelse\n  echo none\nfi': EMPTY,
}

SEEN = [
    "npm publish",
    "npm ci || true\nnpm publish",  # which of the two needs it?
    "npm publish || exit 1",
    "deploy $TOKEN > out.txt || true\ngrep -q success out.txt",
    'deploy $TOKEN 2>&1 | tee -a "out.log" || true\nif grep -q ERROR out.log; then exit 1; fi',
    "scan $TOKEN -o out.sarif || true\nconvert out.sarif",
    # What comes next misses what that should have brought or done.
    "git clone https://$TOKEN@git.example/app || true\ncd app\nmake",
    "wget --header $TOKEN https://x.example/a.tgz || true\ntar xf a.tgz",
    "deploy $TOKEN || true\n./check-that-it-is-there",
    "fetch $TOKEN || true\n[ -s out ]",
    "fetch $TOKEN || true\nif [ ! -s out ]; then exit 1; fi",
    'fetch $TOKEN || true\necho "$(cat out)"',
    "npm publish || { echo failed; exit 1; }",
    "npm publish || (echo failed && exit 1)",
    "npm publish || code=$?",
    'npm publish || echo "failed=true" >> "$GITHUB_OUTPUT"',
    'npm publish || echo "::error::not published"',
    "npm publish || false",
    "npm publish || echo a || exit 1",
    "npm publish && true",
    "npm publish; true",  # `-e` ends the script before
    "npm publish # || true",
    "echo 'npm publish || true'\nnpm publish",
    'npm publish -m "x || true"',
    "cat <<END > note\nnpm publish || true\nEND\nnpm publish",
    'publish() { npm publish || true; }\npublish "$TOKEN"',
    "upload $TOKEN a || true\nupload $TOKEN b",
    "npm whoami --token $TOKEN || true\nnpm publish",
    "echo $TOKEN > ~/.netrc || true\nfetch",
    'docker login -u me -p "$TOKEN" || true',  # the push behind it fails
    "gh auth login --with-token <<< $TOKEN || true",
    # Who takes it to keep it never sees whether it is dead.
    'echo "$TOKEN" | gpg --batch --yes --import || true',
    "git remote set-url origin https://me:$TOKEN@github.com/octo/app || true",
    "kubectl create secret generic app --from-literal=token=$TOKEN || true",
    "gh secret set APP --body $TOKEN || true",
    "dotnet nuget update source feed --password $TOKEN || true",
    "npm set //npm.example/:_authToken $TOKEN || true",
    'if deploy "$TOKEN"; then echo fine; else exit 1; fi',
    'while ! deploy "$TOKEN"; do sleep 1; done',
    "set +e\ndeploy $TOKEN",
    "set +e\ndeploy $TOKEN\ncode=$?\nexit $code",
    "set +e\ndeploy $TOKEN\nset -e\necho done",
    "set +e\ndeploy $TOKEN\ntest -f done",
    "set +e\ndeploy $TOKEN\nif grep -q ERROR log; then exit 1; fi\necho done",
    "set -e\ndeploy $TOKEN\necho done",
    "curl -f $TOKEN",
    "curl -fsSL $TOKEN",
    "curl -sSfL $TOKEN",
    "curl --fail-with-body $TOKEN",
    'curl -s "${CURL_OPTS[@]}" $TOKEN',
    "curl -s $CURL_ARGS $TOKEN",
    "curl -s -w '%{http_code}' $TOKEN",
    "curl -s $TOKEN | jq -e .ok",
    "curl -s $TOKEN | tar xz",
    "curl -sO $TOKEN",
    "curl -u me:$TOKEN -T site.zip ftp://files.example/",
    'curl --user "me:$TOKEN" -T site.zip $FTP_HOST',
    "curl -s -c jar -d password=$TOKEN https://x.example/login\nuse jar",
    "curl -sD heads $TOKEN\ngrep -q 200 heads",
    "curl -s -o out.tgz $TOKEN\ntar xf out.tgz",
    "curl -s $TOKEN > out.json",
    'status=$(curl -s -o /dev/null -w "%{http_code}" $TOKEN)\n[ "$status" = 200 ]',
    'answer=$(curl -s $TOKEN)\necho "$answer" | grep -q ok',
    'if [ "$(curl -s $TOKEN)" = ok ]; then echo fine; fi',
    "curl -s https://example.org/tool.sh | sh\nnpm publish $TOKEN",
    "wget --header $TOKEN https://x.example",
    'if [ -z "$TOKEN" ]; then echo "no token"; exit 1; fi\ndeploy',
    'if [ -z "$OTHER" ]; then exit 0; fi\ndeploy $TOKEN',
    'if [ -z "$TOKEN" ]; then echo none; fi\ndeploy',
    'if [ -n "$TOKEN" ] || [ -n "$OTHER" ]; then\n  deploy\nfi',
    '[ -n "$TOKEN" ] || exit 1\ndeploy',
    "$env:TOKEN | deploy || true",
    "case $x in a) deploy $TOKEN || true ;; esac",
    "deploy $TOKEN || true 'unclosed",
    "deploy $TOKEN & true",
    "",
    "echo $TOKEN",
]


@pytest.mark.parametrize(("script", "guard"), HIDDEN.items())
def test_what_hides_it(script: str, guard: str) -> None:
    assert judge(script) == guard
    assert judge(script.replace("\n", "\r\n")) == guard


@pytest.mark.parametrize("script", SEEN)
def test_what_is_seen_or_not_certain(script: str) -> None:
    assert judge(script) is None


def test_the_dead_and_the_missing_are_kept_apart() -> None:
    script = 'deploy $TOKEN || true\nif [ -n "$TOKEN" ]; then deploy again; fi'
    assert judge(script) == f"|| true, {EMPTY}"


@given(st.text(alphabet="a $TOKEN{}()'\"`\\\n;&|<>#=[]!-", max_size=60))
def test_nothing_breaks_the_reader(script: str) -> None:
    judge(script)


@pytest.mark.parametrize(
    "part", ["$(", '"$(', "${", "`", "<(", "if a; then ", "<<A\n", "a && ", "("]
)
def test_a_hostile_script_takes_no_time(part: str) -> None:
    start = time.monotonic()
    judge(part * (19_000 // len(part)))
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("set +e\n", "curl $TOKEN\n"),
        ('[ -n "$TOKEN" ] || exit 0\n', "d $TOKEN\n"),
        ("", "a || :\n"),
    ],
)
def test_a_long_script_is_gone_through_once(before: str, line: str) -> None:
    start = time.monotonic()
    assert judge(before + line * (15_000 // len(line)))
    assert time.monotonic() - start < 2


def test_a_longer_script_is_not_read() -> None:
    with pytest.raises(Unclear):
        read_script("a\n" * 11_000)
