package org.lethe.recsys.sequence;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.tables.DataFiles;
import org.lethe.tables.Entities.Categorical;

/**
 * Baskets of a grocery, Ta-Feng, as prepared for "A next basket recommendation reality check": 13,858 users, 91,227 baskets,
 * 11,997 items.
 *
 * <p>The last basket of a test user is the test, that of a validation user the validation part. The last baskets of training
 * users are left out, and only these users are neighbours of others.
 *
 * @param keyset which of the five published divisions of users
 */
@Named("tafeng")
public record TaFeng(int keyset) implements DataSource<Events> {
    private static final String NAME = "tafeng";
    private static final String REMEDY =
            "take tafeng_merged.json and keyset/tafeng_keyset_0.json to 4 from the repository"
                    + " pierre-lubitzsch/towards-unlearning-in-recsys";
    private static final List<String> KEYSETS = List.of("test", BasketSplits.TRAIN, "val");

    public TaFeng {
        Check.require(keyset >= 0 && keyset <= 4, "keyset", keyset, "0 to 4");
    }

    /** The first division. */
    public TaFeng() {
        this(0);
    }

    @Override
    public Events load(DataFolders folders) {
        List<Path> files = files(folders);
        Events events = baskets(files.get(0));
        Map<String, Integer> keysetOf = keysets(files.get(1));
        int[] codes = new int[events.userCount()];
        Part[] partOf = new Part[events.groupCount()];
        Arrays.fill(partOf, Part.TRAIN);
        BitSet unused = new BitSet(events.size());
        for (int u = 0; u < codes.length; u++) {
            codes[u] = keysetOf.getOrDefault(events.users().id(u), -1);
            int last = events.endOfGroups(u) - 1;
            if (codes[u] == 0) {
                partOf[last] = Part.TEST;
            } else if (codes[u] == 2) {
                partOf[last] = Part.VALIDATION;
            } else {
                unused.set(events.from(last), events.to(last));
            }
        }
        return SequenceSplits.parts(events, partOf)
                .withUsers(events.users().with(BasketSplits.KEYSET, new Categorical(codes, KEYSETS)))
                .without(unused);
    }

    @Override
    public List<Path> files(DataFolders folders) {
        Path folder = DataFiles.folder(folders, "recsys", NAME, REMEDY);
        return List.of(
                DataFiles.needed(folder, REMEDY, "tafeng_merged.json"),
                DataFiles.needed(folder, REMEDY, "tafeng_keyset_" + keyset + ".json"));
    }

    /** {@code {user: [[item, …], …]}}. */
    private static Events baskets(Path file) {
        EventRows rows = new EventRows();
        try (JsonParser json = open(file)) {
            expect(json, JsonToken.START_OBJECT, file);
            long basket = 0;
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                long user = whole(json.currentName(), file);
                expect(json, JsonToken.START_ARRAY, file);
                for (int at = 0; json.nextToken() == JsonToken.START_ARRAY; at++) {
                    while (json.nextToken() == JsonToken.VALUE_NUMBER_INT) {
                        rows.add(user, basket, json.getLongValue(), at);
                    }
                    require(json, JsonToken.END_ARRAY, file);
                    basket++;
                }
                require(json, JsonToken.END_ARRAY, file);
            }
            require(json, JsonToken.END_OBJECT, file);
        } catch (IOException e) {
            throw wrong(file, e);
        }
        if (rows.size() == 0) {
            throw new LetheException(LetheException.Code.DATA, file + ": expected baskets, found none");
        }
        return rows.events(Events.Task.BASKETS);
    }

    /** {@code {"train": [user, …], …}} among other keys. */
    private static Map<String, Integer> keysets(Path file) {
        Map<String, Integer> keysetOf = new HashMap<>();
        try (JsonParser json = open(file)) {
            expect(json, JsonToken.START_OBJECT, file);
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                int code = KEYSETS.indexOf(json.currentName());
                if (json.nextToken() == JsonToken.START_ARRAY) {
                    while (json.nextToken() != JsonToken.END_ARRAY) {
                        if (code >= 0) {
                            keysetOf.put(json.getText(), code);
                        }
                    }
                }
            }
        } catch (IOException e) {
            throw wrong(file, e);
        }
        return keysetOf;
    }

    private static JsonParser open(Path file) throws IOException {
        InputStream in = Files.newInputStream(file);
        return new JsonFactory().createParser(file.toString().endsWith(".gz") ? new GZIPInputStream(in, 1 << 16) : in);
    }

    private static void expect(JsonParser json, JsonToken token, Path file) throws IOException {
        json.nextToken();
        require(json, token, file);
    }

    private static void require(JsonParser json, JsonToken token, Path file) {
        if (json.currentToken() != token) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ":" + json.currentLocation().getLineNr() + ": expected " + token + ", found "
                            + json.currentToken());
        }
    }

    private static long whole(String text, Path file) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": user is \"" + text + "\", expected a whole number", e);
        }
    }

    private static LetheException wrong(Path file, IOException e) {
        return new LetheException(LetheException.Code.DATA, file + ": is no such JSON: " + e.getMessage(), e);
    }
}
