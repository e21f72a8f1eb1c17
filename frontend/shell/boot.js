// Starts the program. In a file of its own, so that the page needs no inline script.
import init from "/assets/%JS%";

try {
    const theme = localStorage.getItem("holdfast.theme");
    if (theme) document.documentElement.dataset.theme = theme;
} catch {
    // Storage is refused: the device's colours it is.
}

init({ module_or_path: "/assets/%WASM%" }).catch((error) => {
    console.error(error);
    document.querySelector(".boot-failed")?.classList.add("is-shown");
});
