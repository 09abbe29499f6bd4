//! The router for real clients.

use debrick_link::simulated::{Channel, serve_stream};
use debrick_link::{Link, LinkError};

use crate::router::VirtualRouter;

/// Switches the router on and runs its console for a real client over `link`, on the link's clock, until `stop` says
/// so or the client is gone. The router stays on, so that another client can be served afterwards. There is no network.
pub fn serve(
    router: &mut VirtualRouter,
    link: &mut dyn Link,
    stop: impl FnMut() -> bool,
) -> Result<(), LinkError> {
    let now = link.clock().now();
    router.power_on(now);
    serve_stream(router, Channel::Console, link, stop)
}
