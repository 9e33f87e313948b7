// The plain field pages bring the phone's program along, so that it is there when the network is not.

if ("serviceWorker" in navigator && window.isSecureContext) navigator.serviceWorker.register("/field/worker.js", { scope: "/field/" });
