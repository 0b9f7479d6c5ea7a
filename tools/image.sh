# `./dev image`: builds the image of deploy/Containerfile without any registry, on a base that debootstrap makes, and runs both
# workers from it. Sourced by ./dev.

image_build_and_check() { # RELEASE (bookworm or trixie)
    local release=$1 base=localhost/chatear-base:$1 image=localhost/chatear-workers:$1 missing
    if [ "$(id -u)" != 0 ]; then
        echo "./dev image: builds as root; please run: sudo ./dev image $release" >&2
        return 1
    fi
    missing=$(not_installed debootstrap buildah)
    if [ -n "$missing" ]; then apt_install $missing; fi
    # Layers as plain folders, commands by chroot: works also inside a container.
    export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
    if ! buildah inspect --type image "$base" >/dev/null 2>&1; then image_base "$release" "$base"; fi
    buildah build --build-arg "BASE=$base" -f deploy/Containerfile -t "$image" .
    $python tools/check_image.py "$image"
}

image_base() { # RELEASE IMAGE
    local folder container
    folder=$(mktemp -d)
    debootstrap --variant=minbase "$1" "$folder"
    container=$(buildah from scratch)
    buildah add -q "$container" "$folder" / >/dev/null
    buildah commit -q --rm "$container" "$2" >/dev/null
    rm -rf "$folder"
}
