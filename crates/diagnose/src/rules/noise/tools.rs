//! What tools say on the computer that writes to a unit, and what phones say to them.

/// Families of harmless lines, each with the program and file that print it and what it does next.
pub(super) static TOOLS: &[&[&str]] = &[
    // AOSP fastboot usb_osx.cpp: leftovers of an earlier transfer.
    &["could not clear input pipe; result * ignoring", "could not clear output pipe; result * ignoring"],
    // AOSP fastboot/fastboot.cpp: signatures of images, which only few units want.
    &["archive does not contain '*.sig'"],
    // AOSP fs_mgr/libfs_avb: keys of generic system images are tried first; what is not verified is said to be so.
    &[
        "public key data shouldn't be empty",
        "Found unknown public key used to sign",
        "Returning avb_handle",
        "Failed to verify vbmeta digest",
        "Error verifying vbmeta image: OK_NOT_SIGNED",
        "[libfs_avb]Invalid hash size",
        "Failed to copy /avb into",
    ],
    // avrdude jtagmkII.c: parts without a place for a boot loader are written all the same.
    &["jtagmkII_initialize(): Cannot locate"],
    // avrdude main.c: bits of a fuse that mean nothing are written as they were given.
    &["invalid value for unused bits in fuse", "will result in an error in future version"],
    // avrdude usbasp.c: the programmer keeps the clock that its switch or firmware gives it.
    &["cannot set sck period"],
    // flashrom ichspi.c, writeprotect.c: how the chip is laid out and what the programmer cannot tell, said before anything
    // is read or written.
    &[
        "flash regions are read protected",
        "Not all flash regions are freely accessible",
        "region (0x*) is locked",
        "Failed to get WP status: WP operations",
    ],
    // CPython: a unit that restarts is gone when what spoke to it is cleared away.
    &["__del__*ignored"],
    // dfu-util src/main.c, dfu_load.c: the unit has left its loader before it could be told to, or asked.
    &["error resetting after download", "unable to read DFU status after completion"],
    // Tools that count what failed, and count none.
    &[
        "Failure 0",
        "failed 0)",
        " 0 failed",
        "Failed=0",
        "failed=0",
        "failed: 0",
        "errors: 0",
        "flash.mk:* flash] Error",
        "avr.mk:* dfu] Error",
        "Make finished with errors",
    ],
    // AOSP fastboot/fastboot.cpp: the system formats what was erased; units with two slots have no cache.
    &["File system type raw not supported", "wipe task partition not found"],
    // fwupd src/fu-engine.c: what is not for it is left alone.
    &["FuEngine * failed to add device"],
    // AOSP fastboot: asked of all variables, of which the loader has not every one; AOSP adb/client/commandline.cpp: the
    // unit has read what it needs of the package and hangs up.
    &["getvar:* FAILED (remote: 'GetVar Variable Not found')", "~47%)*failed to read command"],
    // AOSP libsparse/sparse_read.cpp: said of every image that is not sparse, which is then sent as it is.
    &["Invalid sparse file format at header"],
    // OpenOCD src/jtag/core.c, drivers/ftdi.c: the next speed is taken; a hint.
    &["Unable to match requested speed", "if you experience problems at higher adapter clocks"],
    // dfu-util src/main.c: what an earlier transfer left behind is cleared first.
    &["dfuERROR, clearing status", "state = dfuERROR, status = 10"],
    // AOSP system/core/init: lines of scripts that are for other devices.
    &[
        "init: could not import file",
        "init: invalid uid",
        "invalid service name",
        "cannot open '/initlogo",
        "SDIO interrupt recieved without function driver",
        "does not have a SELinux domain defined",
    ],
];
