package org.lethe.federated.network;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/** Numbers that a monitor reads, in the text form of Prometheus; none of them is of a person or of a single site. */
final class Metrics {
    private final Map<String, Double> values = new TreeMap<>();

    /** Adds to a counter. */
    synchronized void count(String name, double more) {
        values.merge(name, more, Double::sum);
    }

    /** Sets a gauge. */
    synchronized void set(String name, double value) {
        values.put(name, value);
    }

    synchronized double value(String name) {
        return values.getOrDefault(name, 0.0);
    }

    /** All of them, a line each. */
    synchronized String text() {
        StringBuilder text = new StringBuilder();
        String family = "";
        for (Map.Entry<String, Double> entry : values.entrySet()) {
            String name = entry.getKey().replaceAll("\\{.*", "");
            if (!name.equals(family)) {
                family = name;
                boolean counter = name.endsWith("_total");
                text.append("# TYPE ").append(name).append(counter ? " counter\n" : " gauge\n");
            }
            text.append(entry.getKey()).append(' ').append(entry.getValue()).append('\n');
        }
        return text.toString();
    }

    /** Serves them at {@code /metrics} of this machine alone, until the server returned is stopped. */
    HttpServer serve(int port) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/metrics", exchange -> {
            byte[] text = text().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
            exchange.sendResponseHeaders(200, text.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(text);
            }
        });
        server.start();
        return server;
    }
}
