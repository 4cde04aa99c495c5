/** The version of this package. A constant, since bundlers of hosts leave package.json behind; a test compares the two. */
export const VERSION = '0.2.0';
