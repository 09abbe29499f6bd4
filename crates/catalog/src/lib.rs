//! Devices as data: schema, loader, validator.
