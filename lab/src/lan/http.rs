//! Uploads to the pages of bootloaders, over the plug's TCP, with the kernel on the other side. Against curl and Python's
//! server on the loopback interface they are proven in the tests of `debrick-http-upload`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use debrick_http_upload::device::{Confirmation, HttpConfig, HttpDevice, HttpQuirks};
use debrick_http_upload::{UploadOptions, Uploader};
use debrick_link_os::OsNetwork;
use debrick_target::Silent;

use super::wire::{HOST, Lan, in_full, run};
use super::{image, must, program, write};

const HOST_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 10);
const UNIT_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);

/// The pages that are met: of one form, with a hidden field, of two steps, and MediaTek's, which is a script.
fn pages() -> [(&'static str, HttpConfig); 5] {
    let plain = HttpConfig::new(SocketAddr::from((UNIT_IP, 80)));
    let quirky = |quirks| HttpConfig { quirks, ..plain.clone() };
    [
        ("one form", plain.clone()),
        ("a hidden field", HttpConfig { hidden: vec![("token".into(), "7".into())], ..plain.clone() }),
        ("two steps", HttpConfig { confirms: Confirmation::Form, ..plain.clone() }),
        ("a page without a head", quirky(HttpQuirks { bare_pages: true, ..HttpQuirks::default() })),
        ("MediaTek's", HttpConfig::mediatek(SocketAddr::from((UNIT_IP, 80)))),
    ]
}

/// Our host finds the way through each page, and the unit has what was sent.
pub fn our_host_uploads_to_each_page(_folder: &Path) -> Result<String, String> {
    let image = image(1_500_001, 30);
    let lan = Lan::create(Some(HOST_IP))?;
    let pages = pages();
    let count = pages.len();
    for (what, config) in pages {
        let work = || {
            let mut network = OsNetwork::on_interface(HOST);
            let options = UploadOptions { rate: None, ..UploadOptions::default() };
            let unit = SocketAddr::from((UNIT_IP, 80));
            let uploaded = Uploader::new(&mut network, unit, options).upload("fw.bin", &image, &mut Silent);
            uploaded.map_err(|error| format!("{what}: {}", in_full(&error)))
        };
        let (uploaded, device) =
            lan.with_device_at(Some(UNIT_IP), HttpDevice::new(config), |_, _| {}, work)?;
        must(uploaded.bytes == image.len() as u64, || format!("{what}: {uploaded:?}"))?;
        must(device.written() == Some(&image[..]), || format!("{what}: {:?}", device.events()))?;
    }
    Ok(format!("{} bytes to each of {count} kinds of pages", image.len()))
}

/// curl fills in the form, with a TCP of ours below it.
pub fn curl_uploads_through_the_plug(folder: &Path) -> Result<String, String> {
    let image = image(3_000_001, 31);
    let file = folder.join("fw.bin");
    write(&file, &image)?;
    let lan = Lan::create(Some(HOST_IP))?;
    let device = HttpDevice::new(HttpConfig::new(SocketAddr::from((UNIT_IP, 80))));
    let mut command = lan.host_command(program("curl")?);
    command.args(["--silent", "--show-error", "--max-time", "20", "--form"]);
    command.arg(format!("firmware=@{}", file.display())).arg(format!("http://{UNIT_IP}/"));
    let work = || run(&mut command)?.must_succeed();
    let (ran, device) = lan.with_device_at(Some(UNIT_IP), device, |_, _| {}, work)?;
    must(device.written() == Some(&image[..]), || format!("{:?}: {}", device.events(), ran.said))?;
    must(ran.said.contains("UPDATE IN PROGRESS"), || ran.said.clone())?;
    Ok(format!("{} bytes, and it is shown the unit's answer", image.len()))
}
