package org.lethe.federated.network;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Progress;

/** A process of a federation in a test: runs one of the tools and prints a line for each step of its progress. */
final class Player {
    private Player() {}

    static Serve serve(Path folder, int port) {
        Serve serve = new Serve();
        serve = Components.with(serve, "to", folder.resolve("server.safetensors"));
        serve = Components.with(serve, "sensitive", List.of("group"));
        serve = Components.with(serve, "model", Real.learner(25));
        serve = Components.with(serve, "method", Real.fair(15));
        serve = Components.with(serve, "smallest", 10);
        serve = Components.with(serve, "quorum", 1.0);
        serve = Components.with(serve, "port", port);
        serve = Components.with(serve, "certificates", folder.resolve("certificates"));
        return Components.with(serve, "state", folder.resolve("server"));
    }

    static Join join(Path folder, int port, String name) {
        Join join = new Join();
        join = Components.with(join, "table", folder.resolve(name + ".csv"));
        join = Components.with(join, "server", "localhost:" + port);
        join = Components.with(join, "name", name);
        join = Components.with(join, "certificates", folder.resolve("certificates"));
        join = Components.with(join, "to", Optional.of(folder.resolve(name + ".safetensors")));
        return Components.with(join, "state", folder.resolve("clients"));
    }

    private static final class Lines implements Progress, Progress.Step {
        private long at;

        @Override
        public Step begin(String what, long total) {
            return this;
        }

        @Override
        public synchronized void advance(long amount) {
            at += amount;
            System.out.println("at " + at);
        }

        @Override
        public void note(String message) {
            System.out.println(message);
        }

        @Override
        public void close() {}
    }

    /** Arguments are the folder, the port, and the name of a site or of the server. */
    public static void main(String... args) throws IOException {
        Path folder = Path.of(args[0]);
        int port = Integer.parseInt(args[1]);
        Env env = Env.seeded(3).with(new Lines());
        if (args[2].equals("server")) {
            System.out.println(serve(folder, port).run(env).facts());
        } else {
            System.out.println(join(folder, port, args[2]).run(env).facts());
        }
        System.out.flush();
        System.exit(0);
    }
}
