"""Addresses and URLs that must lead nowhere: what every guard of an outbound connection is tried with."""

from __future__ import annotations

PUBLIC = "93.184.215.14"  # any address of the public internet

_CLASSES = """
this network          0.0.0.0 0.1.2.3
loopback              127.0.0.1 127.0.0.2 127.1.2.3 127.255.255.254
private use           10.0.0.1 10.255.255.254 172.16.0.1 172.31.255.254 192.168.0.1 192.168.255.254
carrier shared        100.64.0.1 100.127.255.254
link-local            169.254.0.1
cloud metadata        169.254.169.254 169.254.170.2 100.100.100.200 168.63.129.16 192.0.0.192 fd00:ec2::254
protocol assignments  192.0.0.1 192.0.0.170 192.88.99.1 2001:2::1 2001:10::1 2001:20::1
documentation         192.0.2.1 198.51.100.1 203.0.113.1 2001:db8::1 3fff::1
benchmarking          198.18.0.1 198.19.255.254
multicast             224.0.0.1 239.255.255.250 ff02::1 ff0e::1
reserved, broadcast   240.0.0.1 255.255.255.254 255.255.255.255
IPv6 on this host     :: ::1 fe80::1 febf::1
IPv6 on this site     fc00::1 fd00::1 fec0::1 feff::1
IPv4-compatible       ::127.0.0.1 ::10.0.0.1
IPv4-mapped           ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:93.184.215.14
IPv4-translated       ::ffff:0:127.0.0.1
NAT64                 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::168.63.129.16
NAT64 of a network    64:ff9b:1::127.0.0.1 64:ff9b:1::8.8.8.8
6to4                  2002:7f00:1:: 2002:a9fe:a9fe::1 2002:808:808::1
Teredo                2001::7f00:1 2001:0:4136:e378:8000:63bf:80ff:fffe
ISATAP                2606:4700::5efe:127.0.0.1 2606:4700::200:5efe:10.0.0.1
handed out to nobody  100::1 3ffe::1 5f00::1 1000::1 4000::1 64:ff9b:2::1
"""
FORBIDDEN: tuple[str, ...] = tuple(
    address for line in _CLASSES.strip().splitlines() for address in line[22:].split()
)

# What the C library's resolver takes for 127.0.0.1 (inet_aton).
LOOPBACK_FORMS = ("2130706433", "0x7f000001", "017700000001", "127.1", "127.0.1", "0x7f.1", "0177.0.0.1")
# URLs that a careless parser reads as leading to loopback, or two parsers read differently.
TRICKS: tuple[str, ...] = (
    *(f"https://{form}/a.png" for form in LOOPBACK_FORMS),
    "https://127.0.0.1./a.png",
    "https://１２７.０.０.１/a.png",
    "https://①②⑦.⓪.⓪.①/a.png",
    "https://127。0。0。1/a.png",
    "https://4294967297/a.png",
    "https://127.0.0.1.1/a.png",
    "https://256.256.256.256/a.png",
    "https://[::1%25lo]/a.png",
    "https://[fe80::1%25eth0]/a.png",
    "https://[::ffff:7f00:1%251]/a.png",
    "https://[v1.127.0.0.1]/a.png",
    f"https://{PUBLIC}@127.0.0.1/a.png",
    f"https://user:secret@{PUBLIC}/a.png",
    f"https://{PUBLIC}:443@127.0.0.1:443/a.png",
    f"https://127.0.0.1\\@{PUBLIC}/a.png",
    f"https://{PUBLIC}\\.127.0.0.1/a.png",
    f"https:\\\\{PUBLIC}/a.png",
    f"https://{PUBLIC}\r\nHost: 127.0.0.1/a.png",
    f"https://{PUBLIC}/a.png HTTP/1.1\r\nHost: x\r\n\r\n",
    f"https://{PUBLIC}/\t@127.0.0.1",
    f"https://{PUBLIC} .127.0.0.1/a.png",
    f"https://127.0.0.1%2f@{PUBLIC}/a.png",
    "https://127.0.0.1%00.pictures.example/a.png",
    "https://loc%61lhost/a.png",
    "https:///127.0.0.1/a.png",
    "https:127.0.0.1/a.png",
    "//127.0.0.1/a.png",
    "https://:443/a.png",
    f"https://{PUBLIC}:0/a.png",
    f"https://{PUBLIC}:65536/a.png",
    f"https://{PUBLIC}:443:22/a.png",
    f"https://{PUBLIC}:/a.png",
    f"https://{PUBLIC}:٤٤٣/a.png",
    f"https://{PUBLIC}:-1/a.png",
    "http://127.0.0.1/a.png",
    f"http://{PUBLIC}/a.png",
    "file:///etc/passwd",
    "ftp://127.0.0.1/a.png",
    "gopher://127.0.0.1:70/_x",
    "dict://127.0.0.1:11211/stat",
    "unix:///run/docker.sock",
    "jar:https://127.0.0.1!/a.png",
    "data:image/png;base64,AAAA",
    " https://127.0.0.1/a.png",
    "\x00https://127.0.0.1/a.png",
)
