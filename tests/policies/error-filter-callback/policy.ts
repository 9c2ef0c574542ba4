export const context = "frontend -> search";
