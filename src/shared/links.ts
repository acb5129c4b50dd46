/** How sites are named by people, for the interface: core's own parsers. */
export { ADDRESS_SUFFIX, isAddress, normalAddress } from '../core/wire/address.ts';
export { formatAppLink, formatMagnetLink, type PackLink, parseOpenPart, parsePackLink } from '../core/packs/pack-link.ts';
