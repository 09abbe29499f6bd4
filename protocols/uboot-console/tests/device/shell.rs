//! Lines, and what the shell makes of them.

use std::time::Duration;

use debrick_uboot_console::device::{Standing, TestBoard, UbootConfig};

use crate::typist::Typist;

#[test]
fn lines_echo_and_ctrl_c_drops_them() {
    let mut typist = Typist::usual();
    assert_eq!(typist.type_for(b"partial command\x03", Duration::ZERO), "partial command<INTERRUPT>\r\n=> ");
    assert_eq!(typist.type_for(b"\r", Duration::ZERO), "\r\n=> ");
    let version = "U-Boot 2023.01+dfsg-2+deb12u3 (Jun 22 2026 - 08:38:07 +0000)\n\n\
        aarch64-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0\nGNU ld (GNU Binutils for Debian) 2.40\n";
    assert_eq!(typist.run("version"), version);
    // An empty line runs a command again, if it may be.
    assert_eq!(typist.run(""), version);
    assert_eq!(typist.run("setenv a b"), "");
    assert_eq!(typist.run(""), "");
}

#[test]
fn long_lines_ring_the_bell() {
    let config = UbootConfig { line_limit: 20, ..UbootConfig::default() };
    let mut typist = Typist::at_prompt(TestBoard::new(), config);
    let seen = typist.type_for(b"echo 0123456789012345678901\r", Duration::from_millis(1));
    let seven = "\u{7}".repeat(7);
    assert_eq!(seen, format!("echo 012345678901234{seven}\r\n012345678901234\r\n=> "));
}

#[test]
fn the_shell_decides_and_repeats() {
    let mut typist = Typist::usual();
    for (line, expected) in [
        ("frobnicate", "Unknown command 'frobnicate' - try 'help'\n"),
        ("setexpr x 0x10 + 0x20; echo ${x}", "30\n"),
        ("itest 0x10 -lt 0x20 && echo less", "less\n"),
        ("test a = a && echo same", "same\n"),
        ("for i in 1 2 3; do echo item $i; done", "item 1\nitem 2\nitem 3\n"),
        (
            "setenv n 0; while itest $n -lt 3; do echo loop $n; setexpr n $n + 1; done",
            "loop 0\nloop 1\nloop 2\n",
        ),
        ("if false; then echo yes; else echo no; fi", "no\n"),
        ("if true; then if test 1 -gt 2; then echo a; elif true; then echo b; fi; fi", "b\n"),
        ("false || echo failed $?", "failed 1\n"),
        ("true; echo $?", "0\n"),
        ("itest 1 xx 2", "Unknown operator 'xx'\n"),
        ("nonsense; echo $?", "Unknown command 'nonsense' - try 'help'\n1\n"),
        ("echo 'single \"double\" inside'", "single \"double\" inside\n"),
        ("a=1; b=\"x y\"; echo $a$b ${b}", "1x y x y\n"),
        ("setenv go 'echo one; false; echo two $?'; run go; echo $?", "one\ntwo 1\n0\n"),
        ("setenv bad false; run bad go; echo $?", "1\n"),
        ("run nosuch", "## Error: \"nosuch\" not defined\n"),
        ("test -z \"\" -a ! -n \"\" && echo empty", "empty\n"),
        ("until true; do echo never; done; echo end", "end\n"),
        ("setenv s 'echo in; exit 3; echo too'; run s; echo out $?", "in\ntoo\nout 0\n"),
        ("false && echo a || echo b; echo c", "c\n"),
        ("true || echo a && echo b; echo c", "c\n"),
        ("false || false || echo c", "c\n"),
        ("while false; do echo x; done; echo $?", "1\n"),
        ("echo a\\;b \"x\\ny\" 'x\\ny'", "a;b x\\ny xny\n"),
        ("setenv q 'a \"b  c\" d # e'; echo $q; echo \"$q\"", "a b  c d\na \"b  c\" d # e\n"),
        ("for i in \"u v\"; do echo [$i]; done", "[u]\n[v]\n"),
        ("test a b; echo $?; test a; echo $?", "0\n1\n"),
        ("setexpr y 10 / 0; setexpr z 5 % 3; echo $y $z", "0 2\n"),
        ("mw.l 48000000 1234; setexpr v *48000000; setexpr v $v \\& ff; echo $v", "34\n"),
        ("itest.s abc == abc && echo s", "s\n"),
        ("itest *48000000 == 1234 && echo mem", "mem\n"),
        ("fi", "syntax error\n"),
        ("echo a # b", "a\n"),
        ("echo -n; echo \"a  b\"   c", "a  b c\n"),
        ("pri ipaddr", "ipaddr=192.168.1.1\n"),
    ] {
        assert_eq!(typist.run(line), expected, "{line}");
    }
}

#[test]
fn unfinished_scripts_ask_for_more() {
    let mut typist = Typist::usual();
    assert_eq!(typist.type_for(b"if true\r", Duration::ZERO), "if true\r\n> ");
    assert_eq!(typist.type_for(b"then echo a\r", Duration::ZERO), "then echo a\r\n> ");
    assert_eq!(typist.type_for(b"fi\r", Duration::from_millis(1)), "fi\r\na\r\n=> ");
    assert_eq!(typist.type_for(b"echo 'a\r\x03", Duration::ZERO), "echo 'a\r\n> <INTERRUPT>\r\n=> ");
}

#[test]
fn endless_loops_and_sleeps_end_at_ctrl_c() {
    let mut typist = Typist::usual();
    assert_eq!(
        typist.type_for(b"while true; do true; done\r", Duration::from_secs(5)),
        "while true; do true; done\r\n"
    );
    assert_eq!(typist.device.standing(), Standing::Busy);
    assert_eq!(typist.type_for(b"\x03", Duration::from_millis(10)), "=> ");
    typist.type_for(b"sleep 5; echo over $?\r", Duration::from_secs(1));
    assert_eq!(typist.type_for(b"\x03", Duration::from_millis(1)), "over 1\r\n=> ");
    typist.type_for(b"sleep 1.5\r", Duration::from_millis(1400));
    assert_eq!(typist.type_for(b"lost", Duration::from_millis(200)), "=> ");
    typist.type_for(b"md.b 48000000 100000\r", Duration::from_millis(100));
    let end = typist.type_for(b"\x03", Duration::from_millis(1));
    assert!(end.ends_with("=> ") && end.len() < 2000, "{end:?}");
}

#[test]
fn scripts_that_call_themselves_run_out_of_stack() {
    let mut typist = Typist::usual();
    let seen = typist.type_for(b"setenv x run x; run x\r", Duration::from_millis(100));
    assert!(seen.contains("Synchronous Abort") && seen.ends_with("resetting ...\r\n"), "{seen:?}");
    assert_eq!(typist.device.standing(), Standing::Starting);
}

#[test]
fn a_poor_build_has_a_simple_shell() {
    let mut typist = Typist::at_prompt(TestBoard::new(), UbootConfig::poor());
    assert_eq!(typist.run("setenv a 1; echo ${a} $a"), "1 $a\n");
    assert_eq!(typist.run("setexpr a 1 + 1"), "Unknown command 'setexpr' - try 'help'\n");
    assert_eq!(typist.run("setenv s 'echo x; echo y'"), "");
    assert_eq!(typist.run("run s"), "x\ny\n");
    assert_eq!(typist.run("for i in 1"), "Unknown command 'for' - try 'help'\n");
}
