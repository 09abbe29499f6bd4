//! `debrick doctor`.

use crate::args::Doctor;
use crate::commands::Context;
use crate::exit;
use crate::failure::Failure;
use crate::host::{self, Level};
use crate::json;

pub(super) fn doctor(context: &Context, args: &Doctor) -> Result<i32, Failure> {
    let facts = host::facts(&context.state_dir()?);
    let findings = host::judge(&facts, args.console.as_deref());
    let bad = findings.iter().filter(|finding| finding.level == Level::Bad).count();
    if context.json {
        let value = serde_json::json!({ "ready": bad == 0, "findings": findings, "facts": facts });
        json::line("debrick.doctor/1", &value);
    } else {
        let style = context.style;
        for finding in &findings {
            let mark = match finding.level {
                Level::Good => style.good("good  "),
                Level::Notice => style.warn("notice"),
                Level::Bad => style.bad("bad   "),
            };
            println!("{mark}  {}", finding.says);
            if !finding.mend.is_empty() {
                println!("        {}", finding.mend);
            }
        }
        match bad {
            0 => println!("\nThis computer is ready."),
            1 => println!("\nOne thing has to be mended first."),
            count => println!("\n{count} things have to be mended first."),
        }
    }
    Ok(if bad == 0 { 0 } else { exit::FAILED })
}
