//! ELF files: which processor they are for, and whether what their tables point at is there.
//!
//! Source: System V ABI, chapter 4, and its list of machines. There is no checksum.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "elf",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"\x7fELF")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "ELF executable",
        identified_by: "7f 45 4c 46",
        reveals: "segments that lie behind the end of the file",
        blind_to: "anything else: it has no checksum",
        source: "System V ABI, ELF-64 object file format 1.5",
        tested_with: "gcc",
    },
};

/// The most program headers that are looked at.
const MAX_SEGMENTS: u64 = 128;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(window.array::<6>(0)?.is_some_and(|head| {
        head[..4] == *b"\x7fELF" && (1..=2).contains(&head[4]) && (1..=2).contains(&head[5])
    }))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.container(FORMAT.id, window);
    let Some(ident) = window.array::<6>(0)? else { return Ok(()) };
    let elf = Elf { window, wide: ident[4] == 2, little: ident[5] == 1 };
    let header_size = if elf.wide { 64 } else { 52 };
    reading.declared_size("the ELF header", window.start(), header_size, window.len());
    if window.len() < header_size {
        return Ok(());
    }
    let machine = machine(elf.u16(18)?);
    let entry = elf.address(24)?;
    let index = reading.last_container();
    let fields = &mut reading.container_at(index).fields;
    fields.insert("class".into(), if elf.wide { "64" } else { "32" }.into());
    fields.insert("byte-order".into(), if elf.little { "little" } else { "big" }.into());
    fields.insert("type".into(), kind(elf.u16(16)?).into());
    fields.insert("entry".into(), format!("{entry:#x}"));
    if let Some(machine) = machine {
        fields.insert("machine".into(), machine.into());
        reading.architecture.get_or_insert(machine.into());
    }
    elf.check_tables(reading)
}

struct Elf<'a> {
    window: Window<'a>,
    wide: bool,
    little: bool,
}

impl Elf<'_> {
    fn check_tables(&self, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        let (segments, sections) = if self.wide { (32, 40) } else { (28, 32) };
        let counts = if self.wide { 54 } else { 42 };
        let at = self.window.start();
        let mut end = 0;
        for (what, offset, size) in
            [("program headers", segments, counts), ("section headers", sections, counts + 4)]
        {
            let (start, entry, count) = (self.address(offset)?, self.u16(size)?, self.u16(size + 2)?);
            if start == 0 || count == 0 {
                continue;
            }
            let table_end = start.saturating_add(u64::from(entry) * u64::from(count));
            reading.declared_size(
                &format!("the file up to its {what}"),
                at + offset,
                table_end,
                self.window.len(),
            );
            end = end.max(table_end);
            if what == "program headers" {
                end = end.max(self.segments_end(start, entry.into(), count.into())?);
            }
        }
        reading.declared_size("the file up to its last segment", at, end, self.window.len());
        Ok(())
    }

    fn segments_end(&self, start: u64, entry: u64, count: u64) -> Result<u64, ImageError> {
        let mut end = 0;
        for index in 0..count.min(MAX_SEGMENTS) {
            let Some(at) = start.checked_add(index * entry).filter(|at| *at < self.window.len()) else {
                break;
            };
            let (offset, size) = if self.wide { (8, 32) } else { (4, 16) };
            end = end.max(self.address(at + offset)?.saturating_add(self.address(at + size)?));
        }
        Ok(end)
    }

    fn u16(&self, offset: u64) -> Result<u16, ImageError> {
        let bytes = self.window.array(offset)?.unwrap_or_default();
        Ok(if self.little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn address(&self, offset: u64) -> Result<u64, ImageError> {
        if self.wide {
            let bytes = self.window.array(offset)?.unwrap_or_default();
            return Ok(if self.little { u64::from_le_bytes(bytes) } else { u64::from_be_bytes(bytes) });
        }
        let bytes = self.window.array(offset)?.unwrap_or_default();
        Ok(u64::from(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) }))
    }
}

fn machine(number: u16) -> Option<&'static str> {
    Some(match number {
        2 => "sparc",
        3 => "x86",
        4 => "m68k",
        8 | 10 => "mips",
        20 => "powerpc",
        21 => "powerpc64",
        22 => "s390",
        40 => "arm",
        42 => "sh",
        43 => "sparc64",
        62 => "x86_64",
        83 => "avr",
        92 => "or1k",
        93 | 195 => "arc",
        94 => "xtensa",
        113 => "nios2",
        183 => "arm64",
        189 => "microblaze",
        243 => "riscv",
        258 => "loongarch",
        _ => return None,
    })
}

fn kind(number: u16) -> &'static str {
    match number {
        1 => "relocatable",
        2 => "executable",
        3 => "shared",
        4 => "core",
        _ => "other",
    }
}
