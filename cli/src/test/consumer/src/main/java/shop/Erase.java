package shop;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.lethe.Env;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.forget.Sisa;
import org.lethe.recsys.shop.Erasure;
import org.lethe.recsys.shop.Shop;
import org.lethe.recsys.shop.TrainShop;

/** Trains a recommender on a file of purchases, erases a customer, and says whether that equals a training without the customer. */
public final class Erase {
    private Erase() {}

    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[1]);
        Env env = Env.seeded(1);
        new TrainShop(Path.of(args[0]), "user", "item", "", "", 0, new Bpr(), new Sisa(), 0, 0.1, folder).run(env);

        Shop shop = Shop.open(folder);
        System.out.println(shop.recommend(args[2], 3));
        Shop.Change change = shop.forget(Erasure.ofUsers(List.of(args[2])), Shop.Keep.NOTHING, true, env);
        System.out.println(change.removed() + " interactions are gone; same bits as without them: "
                + change.verified().orElseThrow());
    }
}
