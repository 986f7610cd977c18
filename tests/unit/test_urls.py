"""What the one URL parser takes, what it makes of it, and what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retouch.errors import SourceRefused
from retouch.fetch.urls import MAX_URL_LENGTH, SafeUrl, UrlRefused, check_source_url, parse_source_url


@pytest.mark.parametrize(
    ("text", "host", "port", "target"),
    [
        ("https://example.com/original.png", "example.com", 443, "/original.png"),
        ("https://example.com", "example.com", 443, "/"),
        ("https://example.com?a=1", "example.com", 443, "/?a=1"),
        ("https://example.com/?", "example.com", 443, "/?"),
        ("HTTPS://EXAMPLE.com:8443/A?b=C&d=%2F", "example.com", 8443, "/A?b=C&d=%2F"),
        ("https://example.com./x", "example.com", 443, "/x"),
        ("https://example.com/x#part", "example.com", 443, "/x"),
        ("https://example.com#@evil.example/x", "example.com", 443, "/"),
        ("https://example.com?@evil.example/x", "example.com", 443, "/?@evil.example/x"),
        ("https://example.com/@evil.example", "example.com", 443, "/@evil.example"),
        ("https://example.com//evil.example/x", "example.com", 443, "//evil.example/x"),
        ("https://my_bucket.s3-eu.example/k", "my_bucket.s3-eu.example", 443, "/k"),
        ("https://files/x", "files", 443, "/x"),
        ("https://bücher.example/ü?ß", "xn--bcher-kva.example", 443, "/%C3%BC?%C3%9F"),
        ("https://BU\u0308CHER.example/", "xn--bcher-kva.example", 443, "/"),
        ("https://例え.example/", "xn--r8jz45g.example", 443, "/"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/"),
        ("https://8.8.8.8:1/", "8.8.8.8", 1, "/"),
        ("https://[2606:4700::1111]:65535/", "2606:4700::1111", 65535, "/"),
        ("https://[2606:4700:0:0::1111]/", "2606:4700::1111", 443, "/"),
        ("https://a1.2b.0xg/", "a1.2b.0xg", 443, "/"),
        ("https://" + "a" * 63 + ".example/", "a" * 63 + ".example", 443, "/"),
        ('https://example.com/!a"<>^`{|}~', "example.com", 443, '/!a"<>^`{|}~'),
    ],
)
def test_a_url_is_taken_apart_once(text: str, host: str, port: int, target: str) -> None:
    assert parse_source_url(text) == SafeUrl(host, port, target)
    check_source_url(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "https"),
        ("example.com/x.png", "https"),
        ("http://example.com/x.png", "https"),
        ("ftp://example.com/x.png", "https"),
        ("data:image/png;base64,AAAA", "https"),
        ("https:/example.com", "https"),
        ("https:example.com", "https"),
        ("//example.com", "https"),
        ("xhttps://example.com", "https"),
        ("https://exa\\mple.com", "backslash"),
        ("https://example.com/\\..", "backslash"),
        (" https://example.com", "white space"),
        ("https://example.com/a b", "white space"),
        ("https://example.com/\r\nX: y", "white space"),
        ("https://example.com/\n", "white space"),
        ("https://example.com/\t", "white space"),
        ("https://example.com/\x00", "white space"),
        ("https://example.com/\x7f", "white space"),
        ("https://example.com/\u00a0", "white space"),
        ("https://example.com/\u2028", "white space"),
        ("https://exam\u200bple.com/", "white space"),
        ("https://example.com/\u202egnp.", "white space"),
        ("https://example.com/\ud800", "white space"),
        ("https://user@example.com/", "user name"),
        ("https://user:pass@example.com/", "user name"),
        ("https://@example.com/", "user name"),
        ("https://example.com:443@evil.example/", "user name"),
        ("https://", "host"),
        ("https:///x", "host"),
        ("https://?x", "host"),
        ("https://#x", "host"),
        ("https://:443/", "host"),
        ("https://./", "host"),
        ("https://../", "host"),
        ("https://.example.com/", "host"),
        ("https://example..com/", "host"),
        ("https://example.com../", "host"),
        ("https://-example.com/", "host"),
        ("https://example-.com/", "host"),
        ("https://exa%6dple.com/", "host"),
        ("https://exa*mple.com/", "host"),
        ("https://" + "a" * 64 + ".example/", "host"),
        ("https://" + "a." * 126 + "aa/", "host"),
        ("https://example.com:/", "port"),
        ("https://example.com:0/", "port"),
        ("https://example.com:65536/", "port"),
        ("https://example.com:000443/", "port"),
        ("https://example.com:+443/", "port"),
        ("https://example.com:٤٤٣/", "port"),
        ("https://example.com:80:80/", "port"),
        ("https://2130706433/", "number"),
        ("https://0x7f000001/", "number"),
        ("https://0X7F.1/", "number"),
        ("https://0x/", "number"),
        ("https://127.1/", "number"),
        ("https://0177.0.0.1/", "number"),
        ("https://127.0.0.01/", "number"),
        ("https://127.0.0.1./", "number"),
        ("https://256.1.1.1/", "number"),
        ("https://1.2.3.4.5/", "number"),
        ("https://example.1/", "number"),
        ("https://example.0x7f/", "number"),
        ("https://１２７.０.０.１/", "international"),
        ("https://127。0。0。1/", "international"),
        ("https://example。com/", "international"),
        ("https://①.example/", "international"),
        ("https://exa\u00admple.com/", "white space"),
        ("https://☃.example/", "international"),
        ("https://[::1%25lo]/", "IPv6"),
        ("https://[fe80::1%1]/", "zone"),
        ("https://[::g]/", "IPv6"),
        ("https://[]/", "IPv6"),
        ("https://[127.0.0.1]/", "IPv6"),
        ("https://[v1.a]/", "IPv6"),
        ("https://[::1/", "malformed"),
        ("https://::1/", "malformed"),
        ("https://[::1]x/", "malformed"),
        ("https://x[::1]/", "malformed"),
        ("https://[[::1]]/", "malformed"),
    ],
)
def test_a_url_that_could_be_read_in_two_ways_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(UrlRefused, match=reason) as caught:
        parse_source_url(text)
    assert isinstance(caught.value, ValueError)  # what the door catches
    assert isinstance(caught.value, SourceRefused)  # what ends a task
    with pytest.raises(UrlRefused, match=reason):
        check_source_url(text)


def test_the_longest_url_is_eight_kibibytes() -> None:
    longest = "https://example.com/".ljust(MAX_URL_LENGTH, "a")
    assert MAX_URL_LENGTH == 8192
    assert len(parse_source_url(longest).target) == MAX_URL_LENGTH - len("https://example.com")
    with pytest.raises(UrlRefused, match="longer than 8192"):
        parse_source_url(longest + "a")


def test_the_longest_name_is_that_of_dns() -> None:
    """RFC 1035 section 2.3.4: 255 octets on the wire are 253 characters of text."""
    longest = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
    assert len(parse_source_url(f"https://{longest}./").host) == 253
    with pytest.raises(UrlRefused, match="host"):
        parse_source_url(f"https://{longest}d/")


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("https://other.example/x", "https://other.example/x"),
        ("//other.example:8443/x", "https://other.example:8443/x"),
        ("/x?y", "https://example.com/x?y"),
        ("x", "https://example.com/a/x"),
        ("../x", "https://example.com/x"),
        ("?y", "https://example.com/a/b?y"),
        ("/x#part", "https://example.com/x"),
        ("/ü", "https://example.com/%C3%BC"),
        ("/@evil.example", "https://example.com/@evil.example"),
    ],
)
def test_a_redirect_leads_where_rfc_3986_says(location: str, expected: str) -> None:
    assert str(parse_source_url("https://example.com/a/b?c").follow(location)) == expected


@pytest.mark.parametrize(
    "location",
    ["http://example.com/", "//user@evil.example/", "/\\evil.example", "\thttps://example.com/", "/a b",
     "https://2130706433/", "javascript:alert(1)", "data:image/png;base64,AAAA", "https://[::1", "//[x]/",
     "/" + "a" * 8192, "a" * 8180],
)  # fmt: skip
def test_a_redirect_is_refused_like_any_url(location: str) -> None:
    with pytest.raises(UrlRefused):
        parse_source_url("https://example.com/a/b").follow(location)


def test_the_authority_names_only_a_port_that_is_not_the_default() -> None:
    assert parse_source_url("https://example.com:443/").authority == "example.com"
    assert parse_source_url("https://example.com:8443/").authority == "example.com:8443"
    assert parse_source_url("https://[2606::1]/").authority == "[2606::1]"
    assert parse_source_url("https://[2606::1]:8443/x?y").authority == "[2606::1]:8443"
    assert str(parse_source_url("https://[2606::1]:8443/x?y")) == "https://[2606::1]:8443/x?y"


_PIECES = st.sampled_from(
    ["https://", "http://", "example.com", "127.0.0.1", "[::1]", "@", ":", "\\", "/", "#", "?", "%00", ".",
     "0x7f", "１", "。", "443", " ", "\r\n", "ü", "[", "]", "xn--a", "-", "\u200d"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=8).map("".join)))
@example("https://example.com/%")
def test_any_text_is_refused_or_comes_out_canonical(text: str) -> None:
    """Nothing else can come out of it: no other exception, and what was taken is taken again as it is."""
    try:
        url = parse_source_url(text)
    except UrlRefused:
        return
    assert parse_source_url(str(url)) == url
    assert str(url).isascii()
    assert url.target.startswith("/")
    assert not set(url.host) & set("@/\\?#%[] \r\n\t")


@given(st.text(max_size=60))
def test_any_location_is_refused_or_comes_out_canonical(location: str) -> None:
    try:
        url = parse_source_url("https://example.com/a").follow(location)
    except UrlRefused:
        return
    assert parse_source_url(str(url)) == url
