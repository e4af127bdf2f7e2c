/** The processors that there are packages for, by the names that Debian and Node have for them. */
export const architectures = { amd64: "x64", arm64: "arm64" } as const;

export type Architecture = keyof typeof architectures;

export const isArchitecture = (name: string): name is Architecture => name in architectures;
