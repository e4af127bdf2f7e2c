/** The check of the volume that PREFECT_HOME is on; it exists without being declared. */
export const homeCheck = "prefect-home";
