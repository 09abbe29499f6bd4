//! TFTP server and client (RFC 1350, 2347, 2348, 2349, 7440), and the device half that pulls.
