package org.lethe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceTest {
    @Test
    void aNameComesBackAsOneName() {
        assertEquals(Device.CPU, Device.parse("cpu"));
        assertEquals("cpu", Device.CPU.toString());
        assertEquals(new Device(Device.Kind.CUDA, 0), Device.parse("cuda"));
        assertEquals("cuda:0", Device.parse("cuda").toString());
        assertEquals(new Device(Device.Kind.CUDA, 3), Device.parse("cuda:3"));
        assertEquals(Device.parse("cuda:3"), Device.parse(Device.parse("cuda:3").toString()));
    }

    @Test
    void whatIsNoDeviceIsRefusedByItsName() {
        for (String wrong : List.of("", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:x", "cpu:0", "cuda:1000", " cpu")) {
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Device.parse(wrong));
            assertEquals(
                    "device is " + wrong + ", expected cpu, cuda or cuda:n, where n counts the cards from 0",
                    e.getMessage());
        }
        assertThrows(IllegalArgumentException.class, () -> Device.parse("cuda:128"));
        assertThrows(IllegalArgumentException.class, () -> new Device(Device.Kind.CPU, 1));
    }
}
