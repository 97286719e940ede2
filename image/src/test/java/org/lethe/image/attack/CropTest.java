package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.lethe.image.Bitmap;

class CropTest {
    @Test
    void theWholeAreaIsThePicture() {
        Bitmap picture = Painted.noise(1, 11, 7);
        for (Crop.Rest rest : Crop.Rest.values()) {
            assertEquals(0, Painted.largest(picture, Painted.attacked(new Crop(1, rest, new Removal()), picture)));
        }
    }

    @Test
    void keptPixelsStayInPlaceAndOthersAreBlack() {
        Bitmap white = Painted.constant(255, 255, 255, 20, 20);
        Bitmap picture = Painted.noise(2, 20, 20);
        Crop crop = new Crop(0.5, Crop.Rest.BLACK, new Removal());
        Bitmap where = Painted.attacked(crop, white);
        Bitmap cut = Painted.attacked(crop, picture);
        int kept = 0;
        for (int i = 0; i < 1200; i++) {
            assertEquals(where.values()[i] * picture.values()[i], cut.values()[i]);
            kept += (int) where.values()[i];
        }
        assertEquals(3 * 14 * 14, kept);
    }

    @Test
    void placesDifferAndAnEnlargedConstantStays() {
        Bitmap white = Painted.constant(255, 255, 255, 20, 20);
        Set<Integer> places = new HashSet<>();
        for (Bitmap cut : new Crop(0.25, Crop.Rest.BLACK, new Removal())
                .attack(List.of(white, white, white, white, white, white), Painted.none(), Painted.ENV)) {
            places.add(Arrays.hashCode(cut.values()));
        }
        assertEquals(true, places.size() > 1);
        assertEquals(0, Painted.largest(white, Painted.attacked(new Crop(), white)));
    }
}
