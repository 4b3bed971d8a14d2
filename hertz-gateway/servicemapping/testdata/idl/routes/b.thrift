service Later {
    string late() (api.get="/claimed/:x")
    string free() (api.get="/free")
}
