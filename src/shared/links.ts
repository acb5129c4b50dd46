/** How sites are named by people, for the interface: core's own parsers, and the text form of random labels. */
export { base32 } from '../core/bytes/base32.ts';
export { ADDRESS_SUFFIX, HTTP_PORT, isAddress, normalAddress, siteHost } from '../core/wire/address.ts';
export { isMeantAsInvitation } from '../core/wire/invitation.ts';
export { formatAppLink, formatMagnetLink, type PackLink, parseOpenPart, parsePackLink } from '../core/packs/pack-link.ts';
