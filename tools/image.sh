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
    buildah rmi "$image" >/dev/null 2>&1 || true # Its predecessor's files would stay.
    # Docker's format: the other has no HEALTHCHECK.
    buildah build --format docker --build-arg "BASE=$base" -f deploy/Containerfile -t "$image" .
    $python tools/check_image.py "$image"
}

# As small as Docker's debian:<release>-slim, which is not to be had without a registry.
image_base() { # RELEASE IMAGE
    local folder container
    folder=$(mktemp -d)
    debootstrap --variant=minbase "$1" "$folder"
    image_base_sources "$1" > "$folder/etc/apt/sources.list"
    printf 'path-exclude /usr/share/%s/*\n' doc man locale info > "$folder/etc/dpkg/dpkg.cfg.d/slim"
    rm -rf "$folder"/usr/share/{doc,man,locale,info}/* "$folder"/var/lib/apt/lists/* "$folder"/var/cache/apt/*
    container=$(buildah from scratch)
    buildah add -q "$container" "$folder" / >/dev/null
    buildah commit -q --rm "$container" "$2" >/dev/null
    rm -rf "$folder"
}

image_base_sources() { # RELEASE
    echo "deb http://deb.debian.org/debian $1 main"
    echo "deb http://deb.debian.org/debian $1-updates main"
    echo "deb http://deb.debian.org/debian-security $1-security main"
}
