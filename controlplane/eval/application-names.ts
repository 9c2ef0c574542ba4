/** The applications that can be measured, each with a folder in `applications/`. */
export const applicationNames = [
  "bookinfo",
  "hotel-reservation",
  "online-boutique",
  "social-network",
] as const;
