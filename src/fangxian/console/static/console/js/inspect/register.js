// The day's list brings the phone's program along, so that it is there when the network is not.

if ("serviceWorker" in navigator && window.isSecureContext) navigator.serviceWorker.register("/inspect/worker.js", { scope: "/inspect/offline/" });
