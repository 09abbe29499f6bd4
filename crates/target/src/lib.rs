//! What can be done to a device, and the algorithms written once over it.
