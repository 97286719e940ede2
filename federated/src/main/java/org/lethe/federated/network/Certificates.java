package org.lethe.federated.network;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;

/**
 * Makes keys and certificates for a trial federation: an authority, a server and clients, as PEM files.
 *
 * <p>The authority's own key is thrown away, so nobody can add a site later; make a new set for that. A real federation should take
 * certificates from the authority of its organisations, so that no key ever leaves its site. The name of a site is the common name
 * in its certificate.
 *
 * @param to folder for the files; it must not have any of them yet
 * @param clients number of clients, which are called site-01, site-02, …
 * @param hosts names and addresses under which clients reach the server
 * @param days for which the certificates are valid
 */
@Named("federate certificates")
public record Certificates(@Required Path to, int clients, List<String> hosts, int days)
        implements Tool<Certificates.Result> {
    public Certificates {
        hosts = List.copyOf(hosts);
        Check.require(clients >= 1 && clients <= 1_000, "clients", clients, "1 to 1,000");
        Check.require(days >= 1 && days <= 3_650, "days", days, "1 to 3,650");
        Check.require(!hosts.isEmpty(), "hosts", "[]", "at least one name or address");
        for (String host : hosts) {
            Check.require(host.matches("[A-Za-z0-9.:-]+"), "hosts", host, "names or addresses");
        }
    }

    /** Five clients of a server on this machine, for a year; the folder is still to be named. */
    public Certificates() {
        this(Path.of(""), 5, List.of("localhost", "127.0.0.1"), 365);
    }

    /**
     * The files that were written.
     *
     * @param folder in which they are
     * @param files their names
     */
    public record Result(Path folder, List<String> files) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.println(folder + ": " + String.join(", ", files));
            out.println(
                    "Give each site ca.crt with its own .crt and .key, over a channel you trust; the server keeps server.*.");
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public Result run(Env env) throws IOException {
        Files.createDirectories(to);
        List<String> names = new ArrayList<>(List.of("server"));
        for (int k = 1; k <= clients; k++) {
            names.add(String.format(Locale.ROOT, "site-%02d", k));
        }
        byte[] secret = new byte[16];
        new SecureRandom().nextBytes(secret);
        String password = HexFormat.of().formatHex(secret);
        Path folder = Files.createTempDirectory(to, ".keys");
        Path store = folder.resolve("keys.p12");
        List<String> written = new ArrayList<>();
        try {
            keytool(password, store, "ca", "CN=Lethe trial authority", "bc:c", "ku:c=keyCertSign");
            StringBuilder reached = new StringBuilder("san=");
            for (String host : hosts) {
                boolean address = host.matches("[0-9.]+") || host.contains(":");
                reached.append(reached.length() > 4 ? "," : "")
                        .append(address ? "ip:" : "dns:")
                        .append(host);
            }
            for (String name : names) {
                List<String> signed = List.of("-signer", "ca");
                if (name.equals("server")) {
                    keytool(password, store, name, "CN=server", signed, reached.toString(), "eku=serverAuth");
                } else {
                    keytool(password, store, name, "CN=" + name, signed, "eku=clientAuth");
                }
            }
            KeyStore keys = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(store)) {
                keys.load(in, password.toCharArray());
            }
            pem(written, "ca.crt", "CERTIFICATE", keys.getCertificate("ca").getEncoded(), false);
            for (String name : names) {
                pem(
                        written,
                        name + ".crt",
                        "CERTIFICATE",
                        keys.getCertificate(name).getEncoded(),
                        false);
                pem(
                        written,
                        name + ".key",
                        "PRIVATE KEY",
                        keys.getKey(name, password.toCharArray()).getEncoded(),
                        true);
            }
        } catch (GeneralSecurityException e) {
            throw new LetheException(
                    LetheException.Code.STORAGE, to + ": the keys cannot be read: " + e.getMessage(), e);
        } finally {
            Files.deleteIfExists(store);
            Files.deleteIfExists(folder);
        }
        return new Result(to, written);
    }

    private void keytool(String password, Path store, String alias, String subject, String... extensions)
            throws IOException {
        keytool(password, store, alias, subject, List.of(), extensions);
    }

    /** The JDK's own tool, because no public class of the JDK makes certificates. The password goes by the environment. */
    private void keytool(
            String password, Path store, String alias, String subject, List<String> more, String... extensions)
            throws IOException {
        Path tool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        List<String> command = new ArrayList<>(List.of(
                tool.toString(),
                "-J-XX:TieredStopAtLevel=1",
                "-J-XX:+UseSerialGC",
                "-genkeypair",
                "-alias",
                alias,
                "-dname",
                subject,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-validity",
                "" + days,
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass:env",
                "LETHE_STORE"));
        command.addAll(more);
        for (String extension : extensions) {
            command.addAll(List.of("-ext", extension));
        }
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("LETHE_STORE", password);
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new LetheException(
                    LetheException.Code.STORAGE, tool + ": cannot be started, expected the keytool of a JDK", e);
        }
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new LetheException(LetheException.Code.STORAGE, "keytool failed: " + said.strip());
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private void pem(List<String> written, String name, String kind, byte[] der, boolean secret) throws IOException {
        String text = "-----BEGIN " + kind + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + kind + "-----\n";
        boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
        FileAttribute<?>[] mode = secret && posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
        Path file = to.resolve(name);
        try {
            Files.createFile(file, mode);
        } catch (FileAlreadyExistsException e) {
            throw new LetheException(
                    LetheException.Code.STORAGE, file + ": is there already, expected a folder without it", e);
        }
        Files.writeString(file, text, StandardOpenOption.WRITE);
        written.add(name);
    }
}
